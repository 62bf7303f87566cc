// Bundles the pages of the peers into a folder: node build.mjs OUT

import { writeFileSync, mkdirSync, readFileSync } from 'node:fs';
import { build } from 'esbuild';

const [out] = process.argv.slice(2);
const here = new URL('.', import.meta.url).pathname;
const pages = {
  ours: `${here}pages/ours.js`,
  hash: `${here}pages/hash.js`,
  raw: `${here}pages/raw.js`,
  uppy5: `${here}uppy5/page.js`,
  uppy6: `${here}pages/uppy6.js`,
  tus: `${here}pages/tus.js`,
  evaporate: `${here}pages/evaporate.js`,
};

mkdirSync(out, { recursive: true });
await build({
  entryPoints: pages, bundle: true, format: 'esm', target: 'chrome120', minify: true, outdir: out, logLevel: 'warning',
  // Ours is measured as it is shipped: what is served beside the page, not a bundle of it.
  external: ['/pkg/*', '/module/*'],
});
for (const name of Object.keys(pages)) {
  writeFileSync(`${out}/${name}.html`, `<!doctype html><meta charset="utf-8"><title>${name}</title>
<link rel="icon" href="data:,"><input type="file" multiple><script type="module" src="${name}.js"></script>\n`);
}
writeFileSync(`${out}/index.html`, '<!doctype html><meta charset="utf-8"><title>bench</title><link rel="icon" href="data:,">\n');

// What the report says it ran beside.
const version = (folder, name) => JSON.parse(readFileSync(`${folder}node_modules/${name}/package.json`)).version;
writeFileSync(`${out}/versions.json`, JSON.stringify({
  '@uppy/core (5)': version(`${here}uppy5/`, '@uppy/core'),
  '@uppy/aws-s3 (5)': version(`${here}uppy5/`, '@uppy/aws-s3'),
  '@uppy/core (6)': version(here, '@uppy/core'),
  '@uppy/aws-s3 (6)': version(here, '@uppy/aws-s3'),
  'tus-js-client': version(here, 'tus-js-client'),
  '@tus/server': version(here, '@tus/server'),
  evaporate: version(here, 'evaporate'),
  node: process.version,
}, null, 2));
