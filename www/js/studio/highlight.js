// Colours for a template's text, by the browser's own highlights: the text stays one text, and no element is made.
// Only the eye needs this; what the text means the module says.

/** The kinds of words, each with a `::highlight(seal-…)` in css/studio.css. */
const KINDS = ['comment', 'string', 'hole', 'color', 'number', 'keyword', 'property'];
const KEYWORDS = new Set(
  'template text image tile qr fingerprint output video when else let include skip and or not true false'.split(' '),
);
const TOKEN =
  /(?<comment>\/\/.*)|(?<string>"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)|(?<color>#[0-9a-fA-F]{3,8}\b)|(?<number>(?<![\w.])\d+(?:\.\d+)?(?:%(?:w|h|min)?|px|em|deg)?)|(?<word>[A-Za-z_][\w.]*)/g;

const supported = typeof Highlight === 'function' && CSS.highlights;

/** Registers the kinds once; `marks` are the severities of mistakes. */
const registry = new Map();
if (supported) {
  for (const kind of [...KINDS, 'error', 'warning']) {
    const highlight = new Highlight();
    if (kind === 'error' || kind === 'warning') highlight.priority = 1;
    registry.set(kind, highlight);
    CSS.highlights.set(`seal-${kind}`, highlight);
  }
}

/** The pieces of a text: kind, start and end. */
export function* tokens(text) {
  for (const { groups, index, 0: found } of text.matchAll(TOKEN)) {
    const end = index + found.length;
    if (groups.comment !== undefined) yield ['comment', index, end];
    else if (groups.color !== undefined) yield ['color', index, end];
    else if (groups.number !== undefined) yield ['number', index, end];
    else if (groups.string !== undefined) {
      yield ['string', index, end];
      for (const hole of found.matchAll(/\{\{|\{[^{}"]*\}/g)) {
        if (hole[0] !== '{{') yield ['hole', index + hole.index, index + hole.index + hole[0].length];
      }
    } else if (KEYWORDS.has(found)) yield ['keyword', index, end];
    else if (/^\s*=(?!=)/.test(text.slice(end, end + 40))) yield ['property', index, end];
  }
}

function fill(node, kind, start, end) {
  const range = new StaticRange({ startContainer: node, startOffset: start, endContainer: node, endOffset: end });
  registry.get(kind).add(range);
}

/** Colours the text node. */
export function paint(node) {
  if (!supported) return;
  for (const kind of KINDS) registry.get(kind).clear();
  for (const [kind, start, end] of tokens(node.data)) fill(node, kind, start, end);
}

/** Underlines mistakes: each with `severity`, `start` and `end` in the text. */
export function underline(node, mistakes) {
  if (!supported) return;
  registry.get('error').clear();
  registry.get('warning').clear();
  for (const { severity, start, end } of mistakes) fill(node, severity, start, end);
}
