// What the attributes of <sealmark-uploader> mean for its Uploader.

const SNIFFED = ['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif', 'image/heic', 'image/tiff', 'image/bmp'];
const BY_NAME = {
  '.jpg': 'image/jpeg', '.jpeg': 'image/jpeg', '.png': 'image/png', '.webp': 'image/webp', '.gif': 'image/gif',
  '.avif': 'image/avif', '.heic': 'image/heic', '.heif': 'image/heic', 'image/heif': 'image/heic', '.tif': 'image/tiff',
  '.tiff': 'image/tiff', '.bmp': 'image/bmp', 'image/jpg': 'image/jpeg',
  '.apng': 'image/png', 'image/apng': 'image/png',
};

/** Options of `new Uploader` by the element's attributes; what is not told is not in it. */
export function optionsOf(element) {
  const text = name => element.getAttribute(name) ?? undefined;
  const number = name => {
    const value = Number(text(name));
    return element.hasAttribute(name) && Number.isFinite(value) && value > 0 ? value : undefined;
  };
  const only = object => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
  const maxEdge = number('resize');
  const strip = text('strip');
  return only({
    api: text('api')?.trim().split(/\s+/),
    integrity: text('integrity'),
    concurrency: number('concurrency'),
    partSize: number('part-size'),
    instant: element.hasAttribute('instant') || undefined,
    limits: only({
      types: typesOf(element.getAttribute('accept')),
      maxBytes: number('max-size'),
      maxPixels: number('max-pixels'),
      maxFiles: number('max-files'),
    }),
    prepare: only({
      thumbnail: text('thumbnails') === 'off' ? undefined : { maxEdge: 128 },
      resize: maxEdge && { maxEdge },
      strip: strip === 'gps' || strip === 'private' ? strip : undefined,
      duplicates: element.hasAttribute('no-duplicates') || undefined,
    }),
  });
}

/** `accept` as types that are told by bytes; undefined where it lets something else in too. */
function typesOf(accept) {
  if (!accept) return undefined;
  const types = accept.split(',').map(one => one.trim().toLowerCase()).filter(Boolean).map(one => BY_NAME[one] ?? one);
  return types.every(type => type === 'image/*' || SNIFFED.includes(type)) ? [...new Set(types)] : undefined;
}

/** `accept` as the file picker wants it. */
optionsOf.picker = element => {
  const types = typesOf(element.getAttribute('accept') ?? 'image/*');
  return types ? { types: [{ accept: Object.fromEntries(types.map(type => [type, []])) }] } : {};
};

/**
 * A token by `POST` to a URL of the page's server, answered by `{"token": …}`; the last one goes along when a new one
 * is needed.
 */
export function tokenFrom(url) {
  if (!url) return null;
  let last = null;
  return async ({ expired }) => {
    const headers = expired && last ? { authorization: `Bearer ${last}` } : {};
    const response = await fetch(url, { method: 'POST', headers, credentials: 'same-origin', cache: 'no-store' });
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    const answer = await response.json();
    if (typeof answer.token !== 'string') throw new Error(`${url} gave no token`);
    return (last = answer.token);
  };
}
