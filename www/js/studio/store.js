// What the studio remembers between visits: the text, the variables, the sample. Photographs and keys are not kept.

const KEY = 'sealmark.studio';

/** What was kept; an empty object where there is nothing, or storage is off. */
export function restored() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    return typeof kept === 'object' && kept !== null ? kept : {};
  } catch {
    return {};
  }
}

/** Keeps more beside what is kept. */
export function keep(more) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...restored(), ...more }));
  } catch {
    /* storage is off or full: for this visit only */
  }
}
