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
    size_bytes: file?.size ?? 0,
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

/** The totals of no upload at all. */
export const noTotals = () => ({
  count: 0,
  counts: Object.fromEntries(STATES.map(state => [state, 0])),
  size_bytes: 0,
  sent_bytes: 0,
  speed_bytes_per_s: 0,
  remaining_s: null,
});
