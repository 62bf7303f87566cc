// How <sealmark-uploader> looks. Colours, radius and font are custom properties; everything else by ::part().

/** Height of a row in pixels; the list shows only the rows in view, so they are all alike. */
export const ROW = 68;

export const style = `
:host {
  display: block; color-scheme: light dark; container-type: inline-size;
  --accent: var(--sealmark-accent, #0b6e5f); --on-accent: var(--sealmark-on-accent, #fff);
  --surface: var(--sealmark-surface, #fff); --raised: var(--sealmark-raised, #f3f5f4);
  --text: var(--sealmark-text, #15201d); --muted: var(--sealmark-muted, #51605b);
  --line: var(--sealmark-line, #c9d2ce); --danger: var(--sealmark-danger, #b3261e);
  --success: var(--sealmark-success, #0b6e5f); --radius: var(--sealmark-radius, 12px);
  font: var(--sealmark-font, 400 15px/1.4 system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", sans-serif);
  color: var(--text);
}
@supports (color: light-dark(#000, #fff)) {
  :host {
    --accent: var(--sealmark-accent, light-dark(#0b6e5f, #5fd3bd)); --on-accent: var(--sealmark-on-accent, light-dark(#fff, #06231e));
    --surface: var(--sealmark-surface, light-dark(#fff, #151a19)); --raised: var(--sealmark-raised, light-dark(#f3f5f4, #202725));
    --text: var(--sealmark-text, light-dark(#15201d, #e7edeb)); --muted: var(--sealmark-muted, light-dark(#51605b, #a3b1ac));
    --line: var(--sealmark-line, light-dark(#c9d2ce, #3b4643)); --danger: var(--sealmark-danger, light-dark(#b3261e, #ff9b8f));
    --success: var(--sealmark-success, light-dark(#0b6e5f, #5fd3bd));
  }
}
:host([hidden]), [hidden] { display: none !important; }
* { box-sizing: border-box; }
p, ul { margin: 0; padding: 0; list-style: none; }
button { font: inherit; color: inherit; cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
svg { width: 20px; height: 20px; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; flex: none; }
input { position: absolute; width: 1px; height: 1px; opacity: 0; pointer-events: none; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.frame { position: relative; display: grid; gap: 14px; padding: 16px; background: var(--surface); border: 1px solid var(--line); border-radius: calc(var(--radius) + 4px); }
.drop { position: relative; display: grid; justify-items: center; gap: 10px; padding: 30px 18px; text-align: center;
  border: 1.5px dashed var(--line); border-radius: var(--radius); background: var(--raised); transition: border-color .15s, background .15s; cursor: pointer; }
.drop:hover, .over .drop { border-color: var(--accent); }
.over .drop { background: color-mix(in srgb, var(--accent) 12%, var(--raised)); }
.mark { display: grid; place-items: center; width: 44px; height: 44px; border-radius: 50%; color: var(--accent); background: color-mix(in srgb, var(--accent) 14%, transparent); }
.mark svg { width: 24px; height: 24px; }
.hint { color: var(--muted); font-size: .93em; }
.choices, .bulk { display: flex; flex-wrap: wrap; gap: 8px; }
.choices { justify-content: center; }
.button { display: inline-flex; align-items: center; gap: 8px; min-height: 40px; padding: 0 16px; border: 1px solid var(--line); border-radius: calc(var(--radius) - 2px); background: var(--surface); }
.button:hover { border-color: var(--accent); }
.button.primary { color: var(--on-accent); background: var(--accent); border-color: transparent; font-weight: 600; }
.button.primary:hover { filter: brightness(1.08); }
.button.small { min-height: 32px; padding: 0 12px; font-size: .9em; }
:host([disabled]) .drop { opacity: .55; pointer-events: none; }

.summary { display: grid; gap: 8px; }
.line { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 8px 14px; min-height: 32px; }
.numbers { color: var(--muted); font-size: .93em; font-variant-numeric: tabular-nums; }
.numbers strong { color: var(--text); font-weight: 600; }
.bar { height: 4px; border-radius: 2px; overflow: hidden; background: color-mix(in srgb, var(--muted) 26%, transparent); }
.bar > span { display: block; height: 100%; width: 100%; border-radius: inherit; background: var(--accent); transform-origin: 0 50%; transform: scaleX(var(--share, 0)); transition: transform .2s linear; }
:dir(rtl) .bar > span { transform-origin: 100% 50%; }
.bar.total { height: 6px; border-radius: 3px; }

.list { position: relative; max-height: var(--sealmark-list-height, 408px); overflow: auto; overscroll-behavior: contain; border-top: 1px solid var(--line); margin: 0 -16px -16px; border-radius: 0 0 calc(var(--radius) + 4px) calc(var(--radius) + 4px); scrollbar-width: thin; }
.list:focus-visible { outline-offset: -2px; }
.rows { position: relative; }
.row { position: absolute; inset-inline: 0; height: ${ROW}px; display: grid; grid-template-columns: 44px minmax(0, 1fr) auto; align-items: center; gap: 2px 12px; padding: 0 16px; border-bottom: 1px solid color-mix(in srgb, var(--line) 60%, transparent); }
.row:last-child { border-bottom: 0; }
.row:focus-visible { outline-offset: -3px; }
.thumb { position: relative; display: grid; place-items: center; width: 44px; height: 44px; border-radius: 8px; overflow: hidden; background: var(--raised); color: var(--muted); }
.thumb img { width: 100%; height: 100%; object-fit: cover; }
.words { display: grid; gap: 3px; min-width: 0; }
.name { font-weight: 550; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.status { display: flex; gap: 6px; min-width: 0; color: var(--muted); font-size: .87em; line-height: 1.3; font-variant-numeric: tabular-nums; }
.status span { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.row[data-state=ready] .status { color: var(--success); }
.row[data-state=failed] .status { color: var(--danger); }
.row[data-state=failed] .status span { white-space: normal; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; }
.row[data-state=paused] .bar > span, .row[data-state=offline] .bar > span, .row[data-state=waiting] .bar > span { background: var(--muted); }
.acts { display: flex; gap: 2px; }
.acts button { display: grid; place-items: center; width: 36px; height: 36px; border: 0; border-radius: 50%; background: none; color: var(--muted); }
.acts button:hover { background: var(--raised); color: var(--text); }

.left { display: grid; gap: 8px; padding: 12px 14px; border-radius: var(--radius); background: var(--raised); }
.left h3 { margin: 0; font-size: 1em; }
.left li { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 10px; }
.left .words { flex: 1 1 180px; }
.problem { flex-basis: 100%; color: var(--danger); font-size: .9em; }
@container (max-width: 420px) { .frame { padding: 12px; } .list { margin: 0 -12px -12px; } .row { padding: 0 12px; } .drop { padding: 22px 12px; } }
@media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
@media (forced-colors: active) { .bar > span { background: Highlight; } .bar { border: 1px solid CanvasText; } }
`;

/** Icons as paths on a square of 24. */
const ICONS = {
  add: 'M4 16v2.5A1.5 1.5 0 0 0 5.5 20h13a1.5 1.5 0 0 0 1.5-1.5V16M12 15.5V4M7.5 8 12 3.5 16.5 8',
  camera: 'M4 8.5A1.5 1.5 0 0 1 5.5 7H8l1.4-2.2h5.2L16 7h2.5A1.5 1.5 0 0 1 20 8.5v9a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 17.5zM12 16a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4z',
  folder: 'M3.5 7A1.5 1.5 0 0 1 5 5.5h4.2l2 2.5H19A1.5 1.5 0 0 1 20.5 9.5v8A1.5 1.5 0 0 1 19 19H5a1.5 1.5 0 0 1-1.5-1.5z',
  picture: 'M4 6.5A1.5 1.5 0 0 1 5.5 5h13A1.5 1.5 0 0 1 20 6.5v11a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 17.5zM4 16l4.5-4.5 4 4 2.5-2.5 5 4.5M15.5 9.5h.01',
  pause: 'M9 6v12M15 6v12', resume: 'M8 5.5v13l10.5-6.5z', retry: 'M5 12a7 7 0 1 1 2 5M5 19.5V16h3.5',
  cancel: 'M6.5 6.5l11 11M17.5 6.5l-11 11', remove: 'M6.5 6.5l11 11M17.5 6.5l-11 11',
};

/** An icon, unseen by screen readers. */
export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}

/** An element with properties, attributes (`aria-…`, `role`, `part`…) and children. */
export function el(tag, given = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name in element && !name.includes('-') && name !== 'part' && name !== 'list') element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Sets an attribute, or takes it away, only where that changes something. */
export function attribute(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
