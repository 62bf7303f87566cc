// Loading the marked version of a picture, patiently: the store may need a moment after a restart.

const AGAIN_MS = [1_500, 4_000, 10_000];

/** Where viewers find a picture's current version. */
export const versionPath = mediaId => `m/${encodeURIComponent(mediaId)}`;

/** The same as a link to give away. */
export const versionLink = mediaId => new URL(versionPath(mediaId), document.baseURI).href;

/** Loads the version into `image` and unhides it; false when it could not be shown after several tries. */
export async function showVersion(image, mediaId) {
  for (const wait of [...AGAIN_MS, 0]) {
    if (await load(image, versionPath(mediaId))) {
      image.hidden = false;
      return true;
    }
    if (wait) await new Promise(resolve => setTimeout(resolve, wait));
  }
  image.removeAttribute('src');
  return false;
}

function load(image, path) {
  return new Promise(resolve => {
    const done = event => {
      image.removeEventListener('load', done);
      image.removeEventListener('error', done);
      resolve(event.type === 'load');
    };
    image.addEventListener('load', done);
    image.addEventListener('error', done);
    image.src = path;
  });
}
