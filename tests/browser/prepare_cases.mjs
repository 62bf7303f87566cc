// What web-client/js/prepare.js must do with honest and hostile files: one table, run in Node.js and in Chromium.

const text = (string) => Uint8Array.from(string, (letter) => letter.charCodeAt(0));
const join = (...pieces) => {
  const parts = pieces.map((piece) => (typeof piece === 'string' ? text(piece) : Uint8Array.from(piece)));
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (out.set(part, at), at + part.length), 0);
  return out;
};
const be16 = (value) => [(value >> 8) & 255, value & 255];
const be32 = (value) => [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const le16 = (value) => be16(value).reverse();
const le32 = (value) => be32(value).reverse();

const POSITION = '59deg north, 18deg east';

/** EXIF data with orientation 6, a copyright, a maker's serial number and a position. */
export function exif({ orientation = 6 } = {}) {
  const entry = (tag, type, count, value) => [...be16(tag), ...be16(type), ...be32(count), ...value];
  const serial = 'Serial 0451-99';
  const copyright = 'Copyright Anna\0';
  const first = 8;
  const gps = first + 2 + 4 * 12 + 4;
  const values = gps + 2 + 12 + 4;
  return join(
    'MM\0*', be32(first), be16(4),
    entry(0x0112, 3, 1, [...be16(orientation), 0, 0]),
    entry(0x8298, 2, copyright.length, be32(values)),
    entry(0x8825, 4, 1, be32(gps)),
    entry(0xa431, 2, serial.length, be32(values + copyright.length)),
    be32(0),
    be16(1), entry(0x001b, 2, POSITION.length, be32(values + copyright.length + serial.length)), be32(0),
    copyright, serial, POSITION,
  );
}

const segment = (marker, payload) => join([0xff, marker], be16(payload.length + 2), payload);
const frame = (width, height) => segment(0xc0, [8, ...be16(height), ...be16(width), 1, 1, 0x11, 0]);
const SCAN = join(segment(0xda, [1, 1, 0, 0, 63, 0]), [1, 2, 0xff, 0, 3, 0xff, 0xd0, 4, 0xff, 0xd9]);
const ICC = segment(0xe2, join('ICC_PROFILE\0', [1, 1, 7, 7]));
const XMP = segment(0xe1, text('http://ns.adobe.com/xap/1.0/\0<exif:GPSLatitude>59</exif:GPSLatitude>'));

export const JPEG = join(
  [0xff, 0xd8], segment(0xe1, join('Exif\0\0', exif())), XMP, ICC, segment(0xed, text('Photoshop 3.0\0City')),
  segment(0xfe, text('shot at home')), frame(640, 480), SCAN,
);

function crc32(bytes) {
  return ~bytes.reduce((crc, byte) => {
    let next = crc ^ byte;
    for (let bit = 0; bit < 8; bit += 1) next = (next >>> 1) ^ (next & 1 ? 0xedb88320 : 0);
    return next;
  }, -1) >>> 0;
}
const chunk = (kind, data) => join(be32(data.length), kind, data, be32(crc32(join(kind, data))));
const HEAD = (width, height) => chunk('IHDR', [...be32(width), ...be32(height), 8, 2, 0, 0, 0]);
const PIXELS = chunk('IDAT', [0x78, 0x9c, 3, 0, 0, 0, 0, 1]);
export const PNG = join(
  '\x89PNG\r\n\x1a\n', HEAD(320, 200), chunk('eXIf', exif()), chunk('tEXt', text('Author\0Anna')),
  chunk('iTXt', text('XML:com.adobe.xmp\0\0\0\0\0GPSLatitude')), PIXELS, chunk('IEND', []),
);

const riff = (kind, data) => join(kind, le32(data.length), data, data.length % 2 ? [0] : []);
const VP8X = riff('VP8X', [0x2c, 0, 0, 0, ...[99, 0, 0], ...[49, 0, 0]]);
const BITS = riff('VP8 ', [1, 2, 3, 4, 5]);
const webp = (...chunks) => join('RIFF', le32(4 + chunks.reduce((sum, one) => sum + one.length, 0)), 'WEBP', ...chunks);
export const WEBP = webp(VP8X, BITS, riff('EXIF', exif()), riff('XMP ', text('GPSLatitude')));

const box = (kind, ...data) => { const body = join(...data); return join(be32(body.length + 8), kind, body); };
const ispe = (width, height) => box('ispe', be32(0), be32(width), be32(height));
const heif = (brand) => join(
  box('ftyp', brand, be32(0), 'mif1', brand),
  box('meta', be32(0), box('iprp', box('ipco', ispe(512, 512), ispe(4032, 3024)))),
);
const tiff = (little) => {
  const [two, four] = little ? [le16, le32] : [be16, be32];
  return join(little ? 'II*\0' : 'MM\0*', four(8), two(2), two(0x100), two(4), four(1), four(900),
    two(0x101), two(3), four(1), two(600), two(0), four(0));
};

/** Bytes, and what they are. */
const SNIFFED = [
  ['jpeg', JPEG, 'image/jpeg', 640, 480],
  ['png', PNG, 'image/png', 320, 200],
  ['webp, extended', WEBP, 'image/webp', 100, 50],
  ['webp, lossy', webp(riff('VP8 ', [0, 0, 0, 0x9d, 1, 0x2a, ...le16(300), ...le16(200)])), 'image/webp', 300, 200],
  ['webp, lossless', webp(riff('VP8L', [0x2f, ...le32(299 | (199 << 14)), 0, 0, 0, 0, 0])), 'image/webp', 300, 200],
  ['gif', join('GIF89a', le16(30), le16(20), [0, 0, 0]), 'image/gif', 30, 20],
  ['avif', heif('avif'), 'image/avif', 4032, 3024],
  ['heic', heif('heic'), 'image/heic', 4032, 3024],
  ['tiff, little', tiff(true), 'image/tiff', 900, 600],
  ['tiff, big', tiff(false), 'image/tiff', 900, 600],
  ['bmp', join('BM', le32(0), be32(0), le32(54), le32(40), le32(70), le32(-50), be32(0)), 'image/bmp', 70, 50],
  ['text', text('BM25 is a ranking function used by search engines'), null, null, null],
  ['a film', box('ftyp', 'isom', be32(0), 'isom', 'mp42'), null, null, null],
  ['nothing', new Uint8Array(), null, null, null],
  ['a png promising 60,000 squared', join('\x89PNG\r\n\x1a\n', HEAD(60_000, 60_000)), 'image/png', 60_000, 60_000],
];

/** Files made to hurt: none may throw, hang or come out as something worse. */
export function hostile() {
  const loop = exif();
  loop.set(be32(8), 8 + 2 + 4 * 12); // the next directory is the first one
  const self = exif();
  self.set(be32(8), 8 + 2 + 2 * 12 + 8); // the position's directory is the first one
  const many = exif();
  many.set(be16(0xffff), 8);
  const far = exif();
  far.set(be32(0xfffffff0), 4);
  const wild = exif();
  wild.set(be32(0xffffffff), 8 + 2 + 12 + 4); // the copyright is four gigabytes long
  const withExif = (bytes) => join([0xff, 0xd8], segment(0xe1, join('Exif\0\0', bytes)), frame(8, 8), SCAN);
  const files = {
    'directories in a circle': withExif(loop),
    'a position that is its own directory': withExif(self),
    '65,535 entries': withExif(many),
    'a directory four gigabytes away': withExif(far),
    'a value of four gigabytes': withExif(wild),
    'a segment longer than the file': join([0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff], 'Exif\0\0'),
    'a segment of length 0': join([0xff, 0xd8, 0xff, 0xe1, 0, 0], exif()),
    'nothing but fill bytes': new Uint8Array(300_000).fill(0xff).map((byte, index) => (index === 1 ? 0xd8 : byte)),
    'a chunk of four gigabytes': join('\x89PNG\r\n\x1a\n', be32(0xffffffff), 'eXIf'),
    'a riff longer than the file': join('RIFF', le32(0xfffffff0), 'WEBP', 'EXIF', le32(0xfffffff0)),
    'a box of size 1 without its size': join(box('ftyp', 'avif', be32(0), 'avif'), be32(1), 'meta'),
    'boxes in boxes': join(box('ftyp', 'heic', be32(0), 'heic'), ...Array.from({ length: 9_000 }, () => [...be32(8), ...text('meta')])),
    'a tiff whose directory is itself': join('II*\0', le32(0)),
  };
  for (const [name, whole] of Object.entries({ JPEG, PNG, WEBP, heic: heif('heic') })) {
    for (let length = 0; length < whole.length; length += 7) files[`${name} cut at ${length}`] = whole.slice(0, length);
    let state = 7;
    for (let turn = 0; turn < 150; turn += 1) {
      const bent = whole.slice();
      for (let change = 0; change < 4; change += 1) {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        bent[(state >>> 8) % bent.length] = state >>> 24;
      }
      files[`${name} bent, turn ${turn}`] = bent;
    }
  }
  return files;
}

const bytesOf = async (blob) => new Uint8Array(await blob.arrayBuffer());
const holds = (bytes, part) => new TextDecoder('latin1').decode(bytes).includes(
  typeof part === 'string' ? part : new TextDecoder('latin1').decode(part),
);

/** Every case as a name and a function; `prepare` is the module, `equal(found, wanted, what)` complains. */
export function cases(prepare, equal) {
  const { sniff, stripped, check, prepared, Seen } = prepare;
  const ok = (value, what) => equal(Boolean(value), true, what);
  const list = [];
  for (const [name, bytes, type, width, height] of SNIFFED) {
    list.push([`sniff: ${name}`, async () => {
      const found = await sniff(new Blob([bytes]));
      equal([found.type, found.width, found.height].join(), [type, width, height].join(), name);
    }]);
  }
  const kinds = [['image/jpeg', JPEG, SCAN], ['image/png', PNG, PIXELS], ['image/webp', WEBP, BITS]];
  for (const [type, whole, pixels] of kinds) {
    for (const strip of ['gps', 'private']) {
      list.push([`strip ${strip}: ${type}`, async () => {
        const out = await bytesOf(await stripped(new Blob([whole]), type, strip));
        ok(!holds(out, POSITION) && !holds(out, 'GPSLatitude'), 'the position is gone');
        ok(holds(out, pixels), 'the picture’s bytes are the same');
        ok(holds(out, 'Copyright Anna'), 'the copyright stays');
        equal(holds(out, 'Serial 0451'), strip === 'gps', 'the serial number goes with what is private');
        const found = await sniff(new Blob([out]));
        const before = await sniff(new Blob([whole]));
        equal(JSON.stringify(found), JSON.stringify(before), 'type, size and orientation are the same');
        if (type === 'image/jpeg') ok(holds(out, ICC), 'the colour profile stays');
        if (type === 'image/jpeg') equal(holds(out, 'Photoshop'), strip === 'gps', 'Photoshop’s words are private');
        if (type === 'image/webp') equal(new DataView(out.buffer).getUint32(4, true) + 8, out.length, 'RIFF’s length fits');
        const again = (await stripped(new Blob([out]), type, strip)) ?? new Blob([out]);
        equal((await bytesOf(again)).join(), out.join(), 'a second time changes nothing');
      }]);
    }
  }
  list.push(['strip: what lies behind the picture goes', async () => {
    const out = await bytesOf(await stripped(new Blob([JPEG, 'MotionPhoto GPS']), 'image/jpeg', 'gps'));
    ok(!holds(out, 'MotionPhoto'), 'the film is gone');
  }]);
  list.push(['strip: a clean file is left alone', async () => {
    const clean = join([0xff, 0xd8], ICC, frame(8, 8), SCAN);
    equal(await stripped(new Blob([clean]), 'image/jpeg', 'private'), null, 'nothing to do');
    const file = new File([clean], 'a.jpg');
    equal(await prepared(file, { strip: 'private' }), file, 'the same file');
  }]);
  list.push(['strip: what is not built as its type is never goes as it is', async () => {
    const odd = {
      // Decoders skip it, and find the EXIF data behind it.
      'a byte between two segments of a JPEG': [join([0xff, 0xd8, 0], JPEG.slice(2)), 'image/jpeg'],
      'a PNG without its end': [PNG.slice(0, -12), 'image/png'],
      'a WebP longer than its file': [WEBP.slice(0, -2), 'image/webp'],
    };
    for (const [name, [bytes, type]] of Object.entries(odd)) {
      equal(await stripped(new Blob([bytes]), type, 'private'), undefined, name);
      // Where the browser can decode it, it is written anew; these it cannot.
      const told = await prepared(new File([bytes], 'a'), { strip: 'private' }).then(() => 'sent', (error) => error.code);
      equal(told, 'broken_image', name);
    }
  }]);
  list.push(['strip: name and time stay, so that a later visit knows the file', async () => {
    const out = await prepared(new File([JPEG], 'a.jpg', { lastModified: 1234 }), { strip: 'gps' });
    equal([out.name, out.lastModified, out.type].join(), 'a.jpg,1234,image/jpeg', 'name, time, type');
  }]);
  const REFUSED = [
    ['a text that calls itself a picture', text('hello'), { types: ['image/*'] }, 'type_refused'],
    ['a GIF where only JPEG is taken', join('GIF89a', le16(3), le16(2)), { types: ['image/jpeg'] }, 'type_refused'],
    ['too many pixels', JPEG, { maxPixels: 640 * 480 - 1 }, 'too_many_pixels'],
    ['just enough pixels', JPEG, { maxPixels: 640 * 480, types: ['image/jpeg'] }, null],
    ['a bomb', join('\x89PNG\r\n\x1a\n', HEAD(60_000, 60_000)), { maxPixels: 100e6 }, 'too_many_pixels'],
  ];
  for (const [name, bytes, limits, code] of REFUSED) {
    list.push([`limits: ${name}`, async () => {
      const found = await check(new Blob([bytes]), limits).then(() => null, (error) => error.code);
      equal(found, code, name);
    }]);
  }
  list.push(['duplicates by content', async () => {
    const seen = new Seen();
    const large = new Uint8Array(3 << 20).fill(7);
    const other = large.slice();
    other[1_500_000] = 8;
    equal(await seen.has('1', new File([large], 'a')), false, 'first');
    equal(await seen.has('2', new File([other], 'b')), false, 'differs in the middle');
    equal(await seen.has('3', new File([large], 'c')), true, 'same content, other name');
    equal(await seen.has('1', new File([large], 'a')), false, 'the same upload again');
    seen.delete('1');
    equal(await seen.has('4', new File([large], 'd')), false, 'after the first has left');
  }]);
  list.push(['hostile files neither throw nor hang', async () => {
    for (const [name, bytes] of Object.entries(hostile())) {
      const blob = new Blob([bytes]);
      for (const type of ['image/jpeg', 'image/png', 'image/webp']) {
        for (const strip of ['gps', 'private']) {
          try {
            const { type: sniffed } = await sniff(blob);
            const out = await stripped(blob, type, strip);
            ok(!out || out.size <= blob.size + 64, `${name}: ${out?.size} of ${blob.size}`);
            if (out && sniffed === type) equal((await sniff(out)).type, type, `${name} stays what it was`);
          } catch (error) {
            equal(String(error.stack ?? error), '', `${name}, ${type}, ${strip}`);
          }
        }
      }
    }
  }]);
  return list;
}
