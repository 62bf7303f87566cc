// Light or dark: the system's until the user says otherwise. boot.js has set the first one.

const KEY = 'sealmark.theme';
const BACKGROUND = { light: '#f3f4f3', dark: '#101313' };

function apply(theme) {
  document.documentElement.dataset.theme = theme;
  document.querySelector('meta[name="theme-color"]').content = BACKGROUND[theme];
  document.querySelector('#theme-toggle').setAttribute('aria-pressed', String(theme === 'dark'));
}

/** Wires the toggle and follows the system for as long as nothing was chosen. */
export function startTheme() {
  const system = matchMedia('(prefers-color-scheme: dark)');
  let chosen = null;
  try {
    chosen = localStorage.getItem(KEY);
  } catch {
    /* storage is off: follow the system */
  }
  apply(chosen ?? (system.matches ? 'dark' : 'light'));

  system.addEventListener('change', () => {
    if (!chosen) apply(system.matches ? 'dark' : 'light');
  });
  document.querySelector('#theme-toggle').addEventListener('click', () => {
    chosen = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
    try {
      localStorage.setItem(KEY, chosen);
    } catch {
      /* storage is off: for this visit only */
    }
    apply(chosen);
  });
}
