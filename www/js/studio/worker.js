// The studio's Web Worker: the wasm module and the photograph live here, so that typing never waits. The page starts
// two of them: one that previews, and one that writes files, which may take longer than a key press. Both are given the
// same compiled module, as their first message.

import start, { Studio } from '../../pkg-studio/sealmark_studio.js';
import { photograph } from './scenes.js';

const ready = new Promise(resolve => addEventListener('message', ({ data }) => resolve(data), { once: true }))
  .then(compiled => start({ module_or_path: compiled }))
  .then(() => new Studio());

/** A picture as the browser shows it, and its pixels. */
async function decoded(bytes) {
  const bitmap = await createImageBitmap(new Blob([bytes]));
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  return { bitmap, width, height, pixels: context.getImageData(0, 0, width, height).data };
}

const calls = {
  /** The bytes of a sample. */
  async sample(_, name) {
    const bytes = await photograph(name);
    return [bytes, [bytes.buffer]];
  },

  /** Takes all fonts, pictures and templates; gives the families of each font, and what cannot be used and why. */
  surroundings(studio, files) {
    studio.clear();
    const found = files.map(({ kind, name, bytes, text }) => {
      try {
        if (kind === 'font') return { name, families: JSON.parse(studio.add_font(name, bytes)) };
        if (kind === 'picture') studio.add_picture(name, bytes);
        else studio.add_template(name, text);
        return { name };
      } catch (error) {
        return { name, error: String(error) };
      }
    });
    return [found];
  },

  /** Takes a photograph; with `shows` its pixels, too, and gives the picture to show. */
  async open(studio, bytes, shows) {
    const facts = JSON.parse(studio.open(bytes));
    if (!shows) return [{ facts }];
    const { bitmap, width, height, pixels } = await decoded(bytes);
    studio.set_pixels(new Uint8Array(pixels.buffer), width, height);
    return [{ facts, bitmap }, [bitmap]];
  },

  /** Checks a template and draws it: the report, and the rectangles of pixels that changed. */
  preview(studio, source, variables) {
    const begun = performance.now();
    const answer = studio.preview(source, variables);
    const said = JSON.parse(answer.json());
    const pixels = answer.take();
    answer.free();
    return [{ ...said, pixels, ms: performance.now() - begun }, [pixels.buffer]];
  },

  /** The file that the worker would write, and the same as a picture. */
  async render(studio, source, variables) {
    const begun = performance.now();
    const answer = studio.render(source, variables);
    const ms = performance.now() - begun;
    const rendition = JSON.parse(answer.json());
    const bytes = answer.take();
    answer.free();
    if (!rendition) return [null];
    const bitmap = await createImageBitmap(new Blob([bytes], { type: rendition.content_type }));
    return [{ rendition, bytes, bitmap, ms }, [bytes.buffer, bitmap]];
  },

  formatted: (studio, source) => [studio.formatted(source) ?? null],
  explain: (_, code) => [Studio.explain(code) ?? null],
};

// One after the other, so that a preview never meets a photograph that is half opened.
let turn = ready;
addEventListener('message', ({ data: { id, call, args } }) => {
  if (!call) return;
  turn = turn.then(async () => {
    try {
      const [result, transfer = []] = await calls[call](await ready, ...args);
      postMessage({ id, result }, transfer);
    } catch (error) {
      // After a trap the module's memory is not to be trusted; the page starts another Worker.
      postMessage({ id, error: String(error?.message ?? error), trapped: error instanceof WebAssembly.RuntimeError });
    }
  });
});
