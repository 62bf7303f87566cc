// Numbers, sizes, durations and times as the user's locale writes them.

import { locale, t } from './i18n.js';

const SIZES = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
const formats = new Map();

function cached(Kind, options) {
  const key = `${Kind.name} ${locale()} ${JSON.stringify(options)}`;
  if (!formats.has(key)) formats.set(key, new Kind(locale(), options));
  return formats.get(key);
}

const unit = (value, name, digits = 0) =>
  cached(Intl.NumberFormat, {
    style: 'unit',
    unit: name,
    unitDisplay: name === 'byte' ? 'long' : 'short',
    maximumFractionDigits: digits,
  }).format(value);

function scaled(bytes) {
  let step = 0;
  let value = bytes;
  while (value >= 999.5 && step < SIZES.length - 1) {
    value /= 1000;
    step += 1;
  }
  return { value, name: SIZES[step], digits: step < 2 || value >= 100 ? 0 : 1 };
}

/** A size in decimal units, for example "12.3 MB". */
export function size(bytes) {
  const { value, name, digits } = scaled(bytes);
  return unit(value, name, digits);
}

/** A speed, for example "5.2 MB/s". */
export function speed(bytesPerSecond) {
  const { value, name, digits } = scaled(Math.max(bytesPerSecond, 1000));
  return unit(value, `${name}-per-second`, digits);
}

/** A duration in seconds: tenths under ten seconds where `exact`, else whole; the two largest units at most. */
export function duration(seconds, exact = false) {
  if (exact && seconds < 10) return unit(seconds, 'second', 1);
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 60) return unit(whole, 'second');
  const pair =
    whole < 3600
      ? [
          [Math.floor(whole / 60), 'minute'],
          [whole % 60, 'second'],
        ]
      : [
          [Math.floor(whole / 3600), 'hour'],
          [Math.round((whole % 3600) / 60), 'minute'],
        ];
  const parts = pair.filter(([value]) => value > 0).map(([value, name]) => unit(value, name));
  return cached(Intl.ListFormat, { type: 'unit', style: 'narrow' }).format(parts);
}

/** Width and height in pixels, ungrouped as cameras write them, for example "6000 × 4000". */
export function pixels({ width, height }) {
  const plain = cached(Intl.NumberFormat, { useGrouping: false });
  return t('card.pixels_value', { width: plain.format(width), height: plain.format(height) });
}

/** A plain number, for example a version. */
export const number = value => cached(Intl.NumberFormat, {}).format(value);

/** A share of 0 to 1 as a whole percentage. */
export const percent = share => cached(Intl.NumberFormat, { style: 'percent' }).format(Math.floor(share * 100) / 100);

/** A moment near enough to be told from now, for example "yesterday". */
export function ago(timeMs) {
  const seconds = (timeMs - Date.now()) / 1000;
  const relative = cached(Intl.RelativeTimeFormat, { numeric: 'auto' });
  for (const [name, length] of [
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
  ]) {
    if (Math.abs(seconds) >= length) return relative.format(Math.round(seconds / length), name);
  }
  return relative.format(0, 'minute');
}

/** A date with its time, for example "20 Nov 2025, 14:05". */
export const moment = timeMs => cached(Intl.DateTimeFormat, { dateStyle: 'medium', timeStyle: 'short' }).format(timeMs);

/** A date alone, for example "20 Nov 2025". */
export const day = timeMs => cached(Intl.DateTimeFormat, { dateStyle: 'medium' }).format(timeMs);
