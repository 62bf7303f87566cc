// What page and Worker both know of snapshots.

const FINAL = new Set(['ready', 'failed', 'cancelled']);

/** Every state, in the order of an upload's life. */
export const STATES = [
  'preparing', 'uploading', 'paused', 'offline', 'waiting', 'completing', 'processing', 'ready', 'failed', 'cancelled',
];

/** Whether nothing more happens by itself. */
export const isFinal = state => FINAL.has(state);

/** What is known of a file before the Worker has looked at it. */
export function beginning(id, { file, handle, name }) {
  return {
    id,
    file_name: file?.name ?? handle?.name ?? name,
    // Asking the system for it blocks the page for a fifth of a millisecond, so 5,000 files are only asked for theirs
    // where somebody looks.
    get size_bytes() { return file?.size ?? 0; },
    state: 'preparing',
    sent_bytes: 0,
    acknowledged_bytes: 0,
    speed_bytes_per_s: 0,
    remaining_s: null,
    resumed_bytes: 0,
    upload_id: null,
    media_id: null,
    error: null,
    instant: false,
    media: null,
    started_at_ms: Date.now(),
    elapsed_ms: 0,
  };
}

/** How many uploads there are, in each state, and the bytes of those that are neither failed nor cancelled. */
export function countsOf(snapshots) {
  const { counts } = noTotals();
  let [count, size_bytes, sent_bytes] = [0, 0, 0];
  for (const { state, size_bytes: size, sent_bytes: sent } of snapshots) {
    count += 1;
    counts[state] += 1;
    if (state === 'cancelled' || state === 'failed') continue;
    size_bytes += size;
    const isWhole = state === 'completing' || state === 'processing' || isFinal(state);
    sent_bytes += isWhole ? size : Math.min(sent, size);
  }
  return { count, counts, size_bytes, sent_bytes };
}

/** The totals of no upload at all. */
export const noTotals = () => ({
  count: 0,
  counts: Object.fromEntries(STATES.map(state => [state, 0])),
  size_bytes: 0,
  sent_bytes: 0,
  speed_bytes_per_s: 0,
  remaining_s: null,
});
