// The sample photographs: drawn here, so that the page carries no pictures. Each is there to try a mark on something else:
// upright and lying, dark and light, and one that is stored turned.

const LONG = 1800;
const SHORT = 1200;
const QUALITY = 0.9;

/** Name, size as shown, and how it is drawn. `turned` is stored on its side, as phones do. */
export const SCENES = {
  mountains: { width: LONG, height: SHORT, draw: mountains },
  sea: { width: SHORT, height: LONG, draw: sea },
  night: { width: LONG, height: SHORT, draw: night },
  snow: { width: LONG, height: SHORT, draw: snow },
  dunes: { width: SHORT, height: LONG, draw: dunes, turned: true },
};

/** Draws a sample into a canvas of any size. */
export function drawScene(name, context, width, height) {
  const scene = SCENES[name];
  context.save();
  context.scale(width / scene.width, height / scene.height);
  scene.draw(context, scene.width, scene.height, random(name.length));
  context.restore();
}

/** A sample as a JPEG. */
export async function photograph(name) {
  const { width, height, turned } = SCENES[name];
  const canvas = turned ? new OffscreenCanvas(height, width) : new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (turned) {
    // Stored with its upper edge at the left: who shows it turns it clockwise.
    context.translate(0, width);
    context.rotate(-Math.PI / 2);
  }
  drawScene(name, context, width, height);
  grain(context, width, height);
  const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: QUALITY });
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return turned ? withOrientation(bytes, 6) : bytes;
}

/** Puts an EXIF segment that says how to turn the picture behind the start of a JPEG. Source: EXIF 2.32, 4.6. */
function withOrientation(bytes, orientation) {
  const exif = [...'Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0'].map(letter => letter.charCodeAt(0));
  exif.push(orientation, 0, 0, 0, 0, 0, 0);
  const segment = Uint8Array.of(0xff, 0xe1, 0, exif.length + 2, ...exif);
  const whole = new Uint8Array(bytes.length + segment.length);
  whole.set(bytes.subarray(0, 2));
  whole.set(segment, 2);
  whole.set(bytes.subarray(2), 2 + segment.length);
  return whole;
}

/** Numbers from 0 to 1, the same at each call. */
function random(seed) {
  let state = seed * 2_654_435_761;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The noise of a sensor, without which a drawing is too smooth to be a photograph. */
function grain(context, width, height) {
  const next = random(7);
  const tile = new OffscreenCanvas(256, 256);
  const inner = tile.getContext('2d');
  const noise = inner.createImageData(256, 256);
  for (let at = 0; at < noise.data.length; at += 4) {
    noise.data.fill(96 + 64 * (next() + next()), at, at + 3);
    noise.data[at + 3] = 28;
  }
  inner.putImageData(noise, 0, 0);
  context.save();
  context.globalCompositeOperation = 'overlay';
  context.fillStyle = context.createPattern(tile, 'repeat');
  context.fillRect(0, 0, width, height);
  context.restore();
}

function sky(context, width, height, stops) {
  const gradient = context.createLinearGradient(0, 0, 0, height);
  stops.forEach((color, index) => gradient.addColorStop(index / (stops.length - 1), color));
  context.fillStyle = gradient;
  context.fillRect(0, 0, width, height);
}

function glow(context, x, y, radius, color, edge = 'rgb(255 255 255 / 0%)') {
  const gradient = context.createRadialGradient(x, y, 0, x, y, radius);
  gradient.addColorStop(0, color);
  gradient.addColorStop(1, edge);
  context.fillStyle = gradient;
  context.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
}

/** A line of hills: octaves of sines with places of their own. */
function ridge(next, width, roughness) {
  const waves = [1, 2.3, 4.7, 9.1, 19, 41].map((frequency, octave) => ({
    frequency: (frequency * 2 * Math.PI) / width,
    phase: next() * 2 * Math.PI,
    strength: roughness ** octave,
  }));
  return x => waves.reduce((sum, wave) => sum + Math.sin(x * wave.frequency + wave.phase) * wave.strength, 0);
}

function hill(context, width, height, top, fill) {
  context.beginPath();
  context.moveTo(0, height);
  for (let x = 0; x <= width; x += 4) context.lineTo(x, top(x));
  context.lineTo(width, height);
  context.closePath();
  context.fillStyle = fill;
  context.fill();
}

/** Mist that begins and ends softly. */
function veil(context, width, from, to, color) {
  const gradient = context.createLinearGradient(0, from, 0, to);
  for (const [at, alpha] of [
    [0, 0],
    [0.45, 50],
    [0.7, 42],
    [1, 0],
  ]) {
    gradient.addColorStop(at, `rgb(${color} / ${alpha}%)`);
  }
  context.fillStyle = gradient;
  context.fillRect(0, from, width, to - from);
}

/** Ridge behind ridge in the morning's mist. */
function mountains(context, width, height, next) {
  sky(context, width, height * 0.62, ['#3f6f9f', '#86aecb', '#f3d9bd', '#fbe9cf']);
  glow(context, width * 0.68, height * 0.44, width * 0.42, 'rgb(255 238 196 / 95%)', 'rgb(255 226 180 / 0%)');
  const colors = ['#b7bfc4', '#94a6ae', '#70888f', '#4f6b70', '#345154', '#1f3a3a', '#122725'];
  colors.forEach((color, index) => {
    const shape = ridge(next, width, 0.5);
    const base = height * (0.46 + index * 0.088);
    const size = height * (0.05 + index * 0.012);
    hill(context, width, height, x => base - shape(x) * size, color);
    if (index < 5) veil(context, width, base - size, base + height * 0.3, '250 232 208');
  });
}

/** A low sun over the sea, and a boat. */
function sea(context, width, height, next) {
  const horizon = height * 0.56;
  sky(context, width, horizon, ['#22304f', '#5c4a72', '#c4606a', '#f59a5c', '#ffd089']);
  for (let cloud = 0; cloud < 26; cloud += 1) {
    const y = horizon * (0.12 + 0.72 * next());
    context.fillStyle = `rgb(255 ${150 + Math.round(70 * next())} 130 / ${6 + 10 * next()}%)`;
    context.beginPath();
    context.ellipse(width * next(), y, width * (0.12 + 0.3 * next()), height * 0.006 * (1 + 2 * next()), 0, 0, 7);
    context.fill();
  }
  const sun = width * 0.42;
  glow(context, sun, horizon, width * 0.6, 'rgb(255 226 160 / 90%)', 'rgb(255 170 100 / 0%)');
  context.fillStyle = '#fff3cf';
  context.beginPath();
  context.arc(sun, horizon - width * 0.03, width * 0.085, 0, 7);
  context.fill();
  context.fillStyle = '#16213a';
  context.fillRect(0, horizon, width, height - horizon);
  const water = context.createLinearGradient(0, horizon, 0, height);
  water.addColorStop(0, '#d47a5c');
  water.addColorStop(0.25, '#74485f');
  water.addColorStop(1, '#131c33');
  context.fillStyle = water;
  context.fillRect(0, horizon, width, height - horizon);
  for (let line = 0; line < 900; line += 1) {
    const depth = next() ** 1.6;
    const y = horizon + depth * (height - horizon);
    const spread = width * (0.05 + 0.3 * depth);
    const near = (next() + next() + next()) / 1.5 - 1;
    const isSun = line % 3 > 0;
    const x = isSun ? sun + near * spread : width * next();
    context.fillStyle = isSun ? `rgb(255 214 150 / ${40 - 25 * depth}%)` : `rgb(20 20 50 / ${8 + 14 * next()}%)`;
    context.fillRect(x, y, width * (0.01 + 0.07 * depth * next()), 1 + 5 * depth);
  }
  context.fillStyle = '#1b1626';
  const [x, y, size] = [width * 0.74, horizon + height * 0.035, width * 0.09];
  context.beginPath();
  context.moveTo(x - size, y);
  context.quadraticCurveTo(x, y + size * 0.5, x + size, y);
  context.closePath();
  context.moveTo(x - size * 0.05, y - size * 0.1);
  context.lineTo(x - size * 0.05, y - size * 2.2);
  context.lineTo(x + size * 0.85, y - size * 0.1);
  context.closePath();
  context.moveTo(x - size * 0.15, y - size * 0.1);
  context.lineTo(x - size * 0.15, y - size * 1.8);
  context.lineTo(x - size * 0.75, y - size * 0.1);
  context.closePath();
  context.fill();
}

/** A town at night. */
function night(context, width, height, next) {
  sky(context, width, height, ['#04060f', '#0a1128', '#17223f', '#2b2a47']);
  for (let star = 0; star < 420; star += 1) {
    context.fillStyle = `rgb(255 255 255 / ${15 + 75 * next() ** 3}%)`;
    const size = 1 + 2 * next() ** 4;
    context.fillRect(width * next(), height * 0.65 * next(), size, size);
  }
  glow(context, width * 0.8, height * 0.2, width * 0.16, 'rgb(214 226 255 / 40%)', 'rgb(214 226 255 / 0%)');
  context.fillStyle = '#eef2ff';
  context.beginPath();
  context.arc(width * 0.8, height * 0.2, width * 0.03, 0, 7);
  context.fill();
  for (const [depth, color, lit] of [
    [0, '#141a33', 0.16],
    [1, '#0c1022', 0.3],
    [2, '#05070f', 0.42],
  ]) {
    for (let x = -20; x < width;) {
      const wide = 50 + 90 * next();
      const top = height * (0.86 - 0.32 * next() * (1 - depth * 0.2) + depth * 0.05);
      context.fillStyle = color;
      context.fillRect(x, top, wide, height - top);
      for (let wy = top + 14; wy < height - 20; wy += 22) {
        for (let wx = x + 9; wx < x + wide - 14; wx += 17) {
          if (next() > lit) continue;
          context.fillStyle = `rgb(255 ${190 + Math.round(50 * next())} 120 / ${35 + 60 * next()}%)`;
          context.fillRect(wx, wy, 8, 11);
        }
      }
      x += wide + 6 * next();
    }
  }
}

/** Snow in bright light: the lightest sample. */
function snow(context, width, height, next) {
  sky(context, width, height * 0.6, ['#bcd7ee', '#dcebf6', '#f6fafd']);
  for (const [index, color] of ['#dfe9f2', '#e9f0f6', '#f3f7fa', '#fbfdfe'].entries()) {
    const shape = ridge(next, width, 0.38);
    const base = height * (0.44 + index * 0.13);
    const top = x => base - shape(x) * height * 0.045;
    hill(context, width, height, top, color);
    for (let tree = 0; tree < 16 + 6 * index; tree += 1) {
      const x = width * next();
      pine(context, x, top(x) + height * 0.01, height * (0.03 + 0.028 * index) * (0.7 + 0.6 * next()), index);
    }
    veil(context, width, base - height * 0.05, base + height * 0.2, '255 255 255');
  }
}

function pine(context, x, y, size, index) {
  context.fillStyle = ['#b9cbd3', '#93aeb5', '#6c8f92', '#47706f'][index];
  for (let storey = 0; storey < 4; storey += 1) {
    const width = size * (0.34 - storey * 0.065);
    const base = y - size * storey * 0.24;
    context.beginPath();
    context.moveTo(x - width, base);
    context.lineTo(x, base - size * 0.42);
    context.lineTo(x + width, base);
    context.closePath();
    context.fill();
  }
}

/** Dunes in the evening, stored on their side. */
function dunes(context, width, height, next) {
  sky(context, width, height * 0.5, ['#4a7fae', '#9cc0d3', '#f2dcc0']);
  const colors = ['#d9b48a', '#cf9f6c', '#c48a52', '#b57440', '#995a31'];
  colors.forEach((color, index) => {
    const shape = ridge(next, width, 0.24);
    const base = height * (0.42 + index * 0.125);
    const top = x => base - shape(x) * height * 0.05;
    hill(context, width, height, top, color);
    // The side that lies in the shade.
    const shade = context.createLinearGradient(0, base - height * 0.06, 0, base + height * 0.2);
    shade.addColorStop(0, 'rgb(60 26 20 / 42%)');
    shade.addColorStop(1, 'rgb(60 26 20 / 0%)');
    const lean = 120 + 160 * next();
    hill(context, width, height, x => top(x) + Math.max(0, Math.sin(x / lean + index) * height * 0.06), shade);
  });
}
