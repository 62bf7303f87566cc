// What a file has to pass before the compiled uploader gets it: it must be a file, within the limits, and not one that
// is already there. The costly half is in prepare.js, loaded only where an option asks for it.

/** Files looked at at the same time. */
const AT_ONCE = 4;

export class Gate {
  #limits;
  #options;
  #url;
  #thumbnail;
  #loading = null;
  #thumbnails = Promise.resolve();

  /**
   * @param {object} given
   * @param {object} given.limits - as in index.d.ts
   * @param {object} [given.prepare] - as in index.d.ts
   * @param {string} given.prepareUrl - where prepare.js is
   * @param {(id: string, blob: Blob, size: {width: number, height: number}) => void} given.thumbnail
   */
  constructor({ limits, prepare = {}, prepareUrl, thumbnail }) {
    this.#limits = limits;
    this.#options = prepare;
    this.#url = prepareUrl;
    this.#thumbnail = thumbnail;
  }

  /**
   * Looks at files, several at once, and returns those that may pass in their order.
   * @param {object[]} items
   * @param {(item: object, error: {code: string, message: string}) => void} refuse
   */
  async admit(items, refuse) {
    const passed = new Array(items.length).fill(false);
    let next = 0;
    const look = async () => {
      while (next < items.length) {
        const index = next++;
        const item = items[index];
        try {
          item.file ??= await item.handle.getFile();
          await this.#look(item);
          passed[index] = true;
          this.#draw(item);
        } catch (error) {
          refuse(item, { code: error.code in CODES ? error.code : 'file_unreadable', message: String(error.message ?? error) });
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, look));
    return items.filter((_, index) => passed[index]);
  }

  /** The file as it is to be sent. */
  async prepare(file) {
    const { resize, strip } = this.#options;
    if (!(resize || strip)) return file;
    return (await this.#module()).prepared(file, { resize, strip });
  }

  /** The same content may come again. */
  leave(item) {
    this.#seen?.delete(item.id);
  }

  #seen = null;

  async #look(item) {
    const { file } = item;
    await isFile(file);
    const { types, maxBytes, maxPixels } = this.#limits;
    if (maxBytes !== undefined && file.size > maxBytes) {
      throw refusal('file_too_large', `more than ${maxBytes} bytes`);
    }
    if (types || maxPixels) await (await this.#module()).check(file, { types, maxPixels });
    if (this.#options.duplicates) {
      const { Seen } = await this.#module();
      this.#seen ??= new Seen();
      if (await this.#seen.has(item.id, file)) throw refusal('duplicate', 'the same content is already in the list');
    }
  }

  /** One thumbnail after another: pictures are large. */
  #draw(item) {
    const { thumbnail } = this.#options;
    if (!thumbnail) return;
    this.#thumbnails = this.#thumbnails.then(async () => {
      const drawn = await (await this.#module()).thumbnail(item.file, thumbnail === true ? {} : thumbnail);
      if (drawn) this.#thumbnail(item.id, drawn.blob, { width: drawn.width, height: drawn.height });
    }).catch(() => {}); // a picture that cannot be drawn has no thumbnail
  }

  #module() {
    // A variable, and told to leave it alone: bundlers must not put it into the Worker.
    const url = this.#url;
    this.#loading ??= import(/* @vite-ignore */ /* webpackIgnore: true */ url);
    return this.#loading;
  }
}

const CODES = { type_refused: 1, too_many_pixels: 1, file_too_large: 1, duplicate: 1, file_unreadable: 1, is_directory: 1 };

const refusal = (code, message) => Object.assign(new Error(message), { code });

/** A directory that was dropped passes for a File, of a type by its name, but nothing can be read of it. */
async function isFile(file) {
  if (file.size % 4096 !== 0 || file.size > 1 << 20) return;
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    throw refusal('is_directory', 'this is a directory, or a file that cannot be read');
  }
}
