// Both languages say everything: the same keys, the same gaps to fill in, and a text for every error code that there is.
// Standard input: the codes, one a line.
import { readFileSync } from 'node:fs';

// By a data URL: the page's folder has no package.json that would tell Node.js that its files are modules.
async function language(name) {
  const source = readFileSync(new URL(`../../www/lang/${name}.js`, import.meta.url));
  return (await import(`data:text/javascript;base64,${source.toString('base64')}`)).default;
}

const [en, zh] = await Promise.all([language('en'), language('zh')]);
const gaps = (text) => [...String(text).matchAll(/\{\w+\}/g)].map(([gap]) => gap).sort().join();
const wrong = [];
for (const key of new Set([...Object.keys(en), ...Object.keys(zh)])) {
  if (!(key in en)) wrong.push(`en lacks ${key}`);
  else if (!(key in zh)) wrong.push(`zh lacks ${key}`);
  else if (gaps(en[key]) !== gaps(zh[key])) wrong.push(`${key}: ${gaps(en[key])} in en, ${gaps(zh[key])} in zh`);
}
const codes = readFileSync(0, 'utf8').split('\n').filter(Boolean);
for (const code of [...codes, 'unknown']) {
  for (const part of ['what', 'todo']) {
    if (!(`error.${code}.${part}` in en)) wrong.push(`no text error.${code}.${part}`);
  }
}
console.log(wrong.join('\n'));
process.exitCode = wrong.length === 0 && codes.length > 0 ? 0 : 1;
