// Runs before the first paint, so that neither theme nor language flashes. A classic script on purpose.
(() => {
  const root = document.documentElement;
  const stored = key => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  };

  const theme = stored('sealmark.theme') || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  root.dataset.theme = theme;
  document.querySelector('meta[name="theme-color"]').content = theme === 'dark' ? '#101313' : '#f3f4f3';

  // The markup is English. For anybody else it stays unseen until translated; css/base.css ends that wait by itself.
  const first = stored('sealmark.language') || (navigator.languages || []).find(tag => /^(en|zh)\b/i.test(tag)) || 'en';
  if (/^zh/i.test(first)) root.dataset.translating = '';
})();
