// Renders in the studio's module in Chromium. `node studio_bytes.mjs FOLDER` takes a folder with the module in `module/`
// and with what is to be done in `cases.json`: `fonts` and `logos` by their paths, and `cases`, each with the path of a
// source, a template, and variables. Prints for each case the SHA-256 of the rendition and of the preview on a sheet of
// plain pixels, or what the module says instead; of a WebP its bytes too.
import { page } from './module.mjs';

const done = await page(process.argv[2], (opened) =>
  opened.evaluate(async () => {
    const { default: start, Studio } = await import('/module/sealmark_studio.js');
    await start();
    const bytes = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
    const digest = async (of) => new Uint8Array(await crypto.subtle.digest('SHA-256', of)).toHex();
    const { fonts, logos, sheet, cases } = await (await fetch('/cases.json')).json();
    const studio = new Studio();
    for (const path of fonts) studio.add_font(path, await bytes(path));
    for (const [name, path] of Object.entries(logos)) studio.add_picture(name, await bytes(path));
    studio.open(await bytes(cases[0].source));
    const pixels = new Uint8Array(sheet.width * sheet.height * 4).map((_, at) => (at % 4 === 3 ? 255 : at % 251));
    const done = [];
    for (const { source, template, variables } of cases) {
      const found = {};
      try {
        studio.open(await bytes(source));
        const answer = studio.render(template, JSON.stringify(variables));
        const { method, width, height } = JSON.parse(answer.json());
        const file = answer.take();
        found.rendition = { method: method.words, width, height, digest: await digest(file) };
        if (String.fromCharCode(...file.slice(8, 12)) === 'WEBP') found.rendition.webp = file.toHex();
      } catch (error) {
        found.error = String(error);
      }
      studio.set_pixels(pixels, sheet.width, sheet.height);
      const answer = studio.preview(template, JSON.stringify(variables));
      const { rects } = JSON.parse(answer.json());
      found.preview = rects && { rects, digest: await digest(answer.take()) };
      done.push(found);
    }
    return done;
  }));

process.stdout.write(JSON.stringify(done));
