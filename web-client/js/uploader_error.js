// What the methods of Uploader reject with; uploads themselves never throw, they fail with a code in their snapshot.

/**
 * `code` is one of: `worker_failed` (the Worker cannot be started or has broken down), `closed`, `not_unfinished` (no
 * such record), `choose_again` (the browser kept no handle of the file), `permission_denied`, `file_changed`,
 * `file_unreadable`.
 */
export class UploaderError extends Error {
  constructor(code, message) {
    super(message);
    this.name = 'UploaderError';
    this.code = code;
  }
}
