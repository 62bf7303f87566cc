// Pictures are asked for only near the window: a list may hold a hundred of them, each of many megabytes.

const MARGIN = '800px';
const waiting = new WeakMap();

const observer = new IntersectionObserver(
  entries => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      observer.unobserve(target);
      waiting.get(target)();
    }
  },
  { rootMargin: MARGIN },
);

/** Resolves once the element is in the window or near it. */
export function whenNear(element) {
  return new Promise(resolve => {
    waiting.set(element, resolve);
    observer.observe(element);
  });
}
