// The picture: the original, over it what a preview changes of it, and over both the file itself once it is written.

/** Not by a `bitmaprenderer`, for in Chromium 156 that forgets how a photograph is turned. */
function draw(canvas, bitmap) {
  if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
    Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
  }
  const context = canvas.getContext('2d');
  context.globalCompositeOperation = 'copy';
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
}

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
    Object.assign(this.#quick, { width, height });
    draw(this.#original, bitmap);
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
    draw(this.#exact, bitmap);
    this.#exact.hidden = false;
  }

  #zoom(zoom) {
    this.#stage.dataset.zoom = zoom;
    for (const button of document.querySelectorAll('[data-zoom]:is(button)')) {
      button.setAttribute('aria-pressed', String(button.dataset.zoom === zoom));
    }
    const [mark] = this.#drawn;
    if (zoom !== 'full' || !mark) return;
    const [x, y, width, height] = mark;
    const { clientWidth, clientHeight } = this.#stage;
    this.#stage.scrollTo(x + (width - clientWidth) / 2, y + (height - clientHeight) / 2);
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
