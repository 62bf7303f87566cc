// The picture: the original, over it what a preview changes of it, and over both the file itself once it is written.

/** Draws on the three canvases of the stage. */
export class Stage {
  #original = document.querySelector('.stage-original');
  #quick = document.querySelector('.stage-quick');
  #exact = document.querySelector('.stage-exact');
  #stage = document.querySelector('#stage');
  #picture = document.querySelector('#picture');
  #drawn = [];

  constructor() {
    this.#holdForBefore(document.querySelector('#before'));
    for (const button of document.querySelectorAll('[data-zoom]:is(button)')) {
      button.addEventListener('click', () => this.#zoom(button.dataset.zoom));
    }
  }

  /** Shows a photograph without a mark. */
  open(bitmap) {
    const { width, height } = bitmap;
    for (const canvas of [this.#original, this.#quick, this.#exact]) Object.assign(canvas, { width, height });
    this.#original.getContext('bitmaprenderer').transferFromImageBitmap(bitmap);
    this.#picture.style.setProperty('--width', width);
    this.#picture.style.setProperty('--height', height);
    this.#drawn = [];
    this.#exact.hidden = true;
  }

  /** Shows a preview: rectangles (four numbers each) and their pixels, one after the other. */
  preview(rects, pixels) {
    const context = this.#quick.getContext('2d');
    for (const [x, y, width, height] of this.#drawn) context.clearRect(x, y, width, height);
    this.#drawn = [];
    let at = 0;
    for (let index = 0; index < rects.length; index += 4) {
      const [x, y, width, height] = rects.slice(index, index + 4);
      const bytes = width * height * 4;
      const image = new ImageData(new Uint8ClampedArray(pixels.buffer, pixels.byteOffset + at, bytes), width, height);
      context.putImageData(image, x, y);
      this.#drawn.push([x, y, width, height]);
      at += bytes;
    }
    this.#exact.hidden = true;
  }

  /** Shows the original alone. */
  clear() {
    this.preview([], new Uint8Array());
  }

  /** Shows the file as the browser decodes it. */
  rendition(bitmap) {
    Object.assign(this.#exact, { width: bitmap.width, height: bitmap.height });
    this.#exact.getContext('bitmaprenderer').transferFromImageBitmap(bitmap);
    this.#exact.hidden = false;
  }

  #zoom(zoom) {
    this.#stage.dataset.zoom = zoom;
    for (const button of document.querySelectorAll('[data-zoom]:is(button)')) {
      button.setAttribute('aria-pressed', String(button.dataset.zoom === zoom));
    }
    // The lower right corner, where most marks are.
    if (zoom === 'full') this.#stage.scrollTo(this.#stage.scrollWidth, this.#stage.scrollHeight);
  }

  /** The original for as long as the button is held, by pointer or by key. */
  #holdForBefore(button) {
    const show = isBefore => {
      this.#picture.classList.toggle('before', isBefore);
      button.setAttribute('aria-pressed', String(isBefore));
    };
    button.addEventListener('pointerdown', event => {
      button.setPointerCapture(event.pointerId);
      show(true);
    });
    for (const end of ['pointerup', 'pointercancel', 'blur']) button.addEventListener(end, () => show(false));
    button.addEventListener('keydown', event => {
      if ([' ', 'Enter'].includes(event.key)) show(true);
    });
    button.addEventListener('keyup', () => show(false));
  }
}
