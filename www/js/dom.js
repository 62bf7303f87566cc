// Building elements without markup strings: names and texts from outside stay text.

const SVG = 'http://www.w3.org/2000/svg';

/** An element with attributes and children; `text` and `class` are spelled so, `false` and `null` leave out. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name === 'text') element.textContent = value;
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
}

/** An icon of img/icons.svg, unseen by screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  const use = document.createElementNS(SVG, 'use');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(use);
  setIcon(svg, name);
  return svg;
}

/** Turns an icon into another one; setting the same one again would make it blink. */
export function setIcon(svg, name) {
  setAttribute(svg.firstElementChild, 'href', `img/icons.svg#${name}`);
}

/** Sets an attribute only where it differs. */
export function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Sets a text only where it differs, so that unchanged text is neither painted nor announced again. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
