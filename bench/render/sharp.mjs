// sharp, driven as src/protocol.rs says.
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import sharp from "sharp";

sharp.concurrency(1);
// Servers seldom get the same picture twice, so no row may live from the one before.
sharp.cache(false);

const spec = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { mark } = spec;
const source = readFileSync(spec.source);
const logo = mark.logo && readFileSync(mark.logo);

// A text is drawn by librsvg, and only as large as it is; by Pango it cost the same, on an SVG of the whole picture half as
// much again.
function svg(width, height, pens) {
  const texts = pens.map(([x, y]) => `<text x="${x}" y="${y}">${mark.text}</text>`);
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><g fill="#fff" fill-opacity="${mark.opacity}"` +
      ` font-family="DejaVu Sans" font-size="${mark.size_px}px">${texts.join("")}</g></svg>`,
  );
}

function overlay() {
  const [left, top] = mark.places[0];
  if (logo) return { input: logo, left, top };
  if (mark.pitch) {
    const [width, height] = mark.pitch;
    // The cell begins at the picture's corner, so the text lies in it as far from its corner as the first one from there.
    const x = ((left % width) + width) % width;
    const y = ((top % height) + height) % height;
    return { input: svg(width, height, [[x + mark.pen_x, y + mark.pen_y]]), tile: true, gravity: "northwest" };
  }
  // A pixel more on each side, for what the smoothing of another rasterizer adds.
  return { input: svg(mark.width + 2, mark.height + 2, [[mark.pen_x + 1, mark.pen_y + 1]]), left: left - 1, top: top - 1 };
}

function encoder(image) {
  if (spec.format === "png") return image.png();
  if (spec.format === "webp") return image.webp({ quality: spec.quality });
  return image.jpeg({
    quality: spec.quality,
    chromaSubsampling: "4:2:0",
    progressive: spec.progressive,
    optimiseCoding: spec.peer !== "sharp, optimiseCoding off",
  });
}

const work = () => encoder(sharp(source).composite([overlay()])).toBuffer();

let last;
async function obey(line) {
  const [word, argument] = line.split(/ (.*)/s);
  if (word === "run") {
    const times = [];
    for (let i = 0; i < Number(argument); i++) {
      last = undefined;
      const before = process.cpuUsage();
      last = await work();
      const used = process.cpuUsage(before);
      times.push((used.user + used.system) / 1000);
    }
    return { cpu_ms: times, bytes: last.length };
  }
  if (word === "save") {
    writeFileSync(argument, last);
    return {};
  }
  if (word === "memory") {
    return { peak_kib: Number(/VmHWM:\s*(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))[1]) };
  }
  throw new Error(`not understood: ${line}`);
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await obey(line).catch((error) => ({ error: String(error) }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
