// Types of @sealmark/web-client, by hand.

/** Where an upload stands, in a user's words. */
export type UploadState =
  /** Waiting for its turn, or asking the server. */
  | 'preparing'
  /** Bytes travel. */
  | 'uploading'
  /** The user wanted a break. */
  | 'paused'
  /** The network is gone. */
  | 'offline'
  /** Something failed; the next attempt comes by itself. */
  | 'waiting'
  /** Every part is stored; the store puts the object together. */
  | 'completing'
  /** The object is whole; its picture is being made. */
  | 'processing'
  /** The picture has its version. */
  | 'ready'
  /** Over, and `error` says why. */
  | 'failed'
  /** Given up by the user. */
  | 'cancelled';

/** Codes of the API's own refusals. */
export type ApiErrorCode =
  | 'invalid_request' | 'unauthorized' | 'token_expired' | 'forbidden' | 'not_found' | 'method_not_allowed'
  | 'upload_not_found' | 'media_not_found' | 'no_version_yet' | 'upload_closed' | 'parts_missing' | 'part_mismatch'
  | 'size_mismatch' | 'proof_refused' | 'empty_file' | 'file_too_large' | 'body_too_large' | 'idempotency_conflict'
  | 'rate_limited' | 'store_unavailable' | 'database_unavailable' | 'internal' | 'unknown';

/** Why a picture ended without a version. */
export type MediaFailureCode =
  | 'unsupported_format' | 'broken_image' | 'image_too_large' | 'source_missing' | 'template_refused' | 'verify_failed'
  | 'undecodable_event' | 'attempts_exhausted' | 'unknown';

/** Codes of the client itself. */
export type ClientErrorCode =
  /** No answer, again and again. */
  | 'network'
  /** The object store refuses a part for a reason that no repeat mends. */
  | 'store_refused'
  /** The clocks of server and store differ by more than signatures bear. */
  | 'clock_skew'
  /** The file's bytes changed while it was being sent. */
  | 'file_changed'
  /** The file cannot be read any more. */
  | 'file_unreadable'
  /** The page has no token to give. */
  | 'no_token'
  /** The API's answer is not what it promises. */
  | 'bad_answer'
  /** The Worker cannot be started or has broken down. */
  | 'worker_failed'
  /** A directory was given as a file. */
  | 'is_directory'
  /** A dropped directory cannot be listed. */
  | 'directory_unreadable'
  /** By its bytes the file is of none of `limits.types`. */
  | 'type_refused'
  /** More pixels than `limits.maxPixels`. */
  | 'too_many_pixels'
  /** More files than `limits.maxFiles`. */
  | 'too_many_files'
  /** The same content is already in the list. */
  | 'duplicate';

/** Why an upload failed; `file_too_large` may be the API's word or that of `limits.maxBytes`. */
export type UploadErrorCode = ApiErrorCode | MediaFailureCode | ClientErrorCode;

/** Why an upload failed. */
export interface UploadFailure {
  /** Stable; translate this. A newer server may have more of them. */
  code: UploadErrorCode | (string & {});
  /** One English sentence for people who read logs. */
  message: string;
}

/** A version of a picture, as viewers get it. */
export interface Rendition {
  version: number;
  digest: string;
  key: string;
  content_type: string;
  size_bytes: number;
  width: number;
  height: number;
  template: string;
  job_ms: number;
  created_at_ms: number;
}

/** A picture's record, as `GET /v1/media/{id}` has it. */
export interface MediaRecord {
  media_id: string;
  upload_id: string;
  state: string;
  file_name: string;
  size_bytes: number;
  created_at_ms: number;
  uploaded_at_ms?: number | null;
  /** The version that viewers get; none before there is one. */
  current?: Rendition | null;
  /** Why there is none. */
  failure?: { code: MediaFailureCode | (string & {}); message?: string; [more: string]: unknown } | null;
}

/** One upload at one moment. Never changes: each change is another object. */
export interface Snapshot {
  readonly id: string;
  readonly file_name: string;
  /** Size of what is sent; of the file as chosen before it is prepared. */
  readonly size_bytes: number;
  readonly state: UploadState;
  /** Bytes acknowledged or on their way. */
  readonly sent_bytes: number;
  /** Bytes that the store has; never goes down for one `upload_id`. */
  readonly acknowledged_bytes: number;
  readonly speed_bytes_per_s: number;
  /** Seconds until the last byte at that speed; null while nothing moves. */
  readonly remaining_s: number | null;
  /** Bytes that the store had from an earlier visit. */
  readonly resumed_bytes: number;
  readonly upload_id: string | null;
  readonly media_id: string | null;
  readonly error: UploadFailure | null;
  /** Whether the server had the content already, so that nothing was sent. */
  readonly instant: boolean;
  /** The picture's record, once the object is whole. */
  readonly media: MediaRecord | null;
  /** Milliseconds since 1970 UTC. */
  readonly started_at_ms: number;
  readonly elapsed_ms: number;
}

/** All uploads at one moment. */
export interface Totals {
  readonly count: number;
  readonly counts: Readonly<Record<UploadState, number>>;
  /** Bytes of all uploads but those failed and cancelled. */
  readonly size_bytes: number;
  /** Of these, bytes sent or on their way. */
  readonly sent_bytes: number;
  /** Mean of the last three seconds. */
  readonly speed_bytes_per_s: number;
  readonly remaining_s: number | null;
}

/** An upload of an earlier visit. */
export interface UnfinishedUpload {
  /** 64 characters of hex, the same for the same file. */
  fingerprint: string;
  upload_id: string;
  file_name: string;
  size_bytes: number;
  /** Bytes that the store had when the record was last written. */
  acknowledged_bytes: number;
  /** Milliseconds since 1970 UTC. */
  updated_at_ms: number;
  /** Whether `resumeUnfinished` can go on without choosing the file again. */
  has_handle: boolean;
}

/** A small upright picture of a file, made in the Worker. */
export interface Thumbnail {
  id: string;
  blob: Blob;
  /** Pixels. */
  width: number;
  height: number;
}

/** Types that are told by bytes. */
export type SniffedType =
  | 'image/jpeg' | 'image/png' | 'image/webp' | 'image/gif' | 'image/avif' | 'image/heic' | 'image/tiff' | 'image/bmp';

/** What is told before a byte is sent. Nothing is decoded for it. */
export interface Limits {
  /** Types taken, by the file's bytes; `image/*` stands for all that are known. */
  types?: (SniffedType | 'image/*')[];
  maxBytes?: number;
  /** Width times height, by the file's header. */
  maxPixels?: number;
  /** Files in the list at once; removed ones do not count. */
  maxFiles?: number;
}

/** What is done with a file before it is sent, in the Worker. Each part is off unless told. */
export interface Prepare {
  /** A `thumbnail` event for each picture; `maxEdge` in pixels, 256 unless told. */
  thumbnail?: boolean | { maxEdge?: number };
  /**
   * Pictures over the limit (JPEG, PNG, WebP, not animated) are made smaller: upright, in sRGB, without metadata.
   * `quality` is 0 to 1, 0.9 unless told. Others are sent as they are.
   */
  resize?: { maxEdge: number; quality?: number };
  /**
   * Takes the position (`gps`) or all that is about people and devices (`private`; orientation, colour profile and
   * copyright stay) out of JPEG, PNG and WebP without touching their pixels. Other types are sent as they are: keep
   * them out by `limits.types` where that matters.
   */
  strip?: 'gps' | 'private';
  /** Refuses a file whose content is already in the list (`duplicate`). */
  duplicates?: boolean;
}

export interface UploaderOptions {
  /**
   * Base URL of the API, or several: when one fails again and again, the next is used. By default the page's own
   * folder.
   */
  api?: string | readonly string[];
  /** Gives a bearer token; `expired` says that the API has refused the last one. */
  token: (reason: { expired: boolean }) => string | Promise<string>;
  /** Most parts of all files in flight, 1 to 8. By default it follows what the link gives. */
  concurrency?: number;
  /** Wanted size of a part in bytes, at least 5 MiB. By default it follows the file and the link. */
  partSize?: number;
  /** How the store checks each part; `sha256` unless told. */
  integrity?: 'sha256' | 'crc64nvme' | 'none';
  /** Hashes each file as a whole first, so that content that the server has need not be sent. Off unless told. */
  instant?: boolean;
  prepare?: Prepare;
  limits?: Limits;
}

export interface AddOptions {
  /** Higher ones go first; 0 unless told. */
  priority?: number;
}

/** What `add` takes: a file, a handle of one (kept, so that a later visit can go on by itself), or both. */
export type FileSource = File | FileSystemFileHandle | { file: File; handle: FileSystemFileHandle };

export interface UploaderEventMap {
  /** Files are in the list. */
  added: CustomEvent<Snapshot[]>;
  /** An upload has changed: told at most ten times a second, many together. */
  change: CustomEvent<Snapshot>;
  /** Follows each round of changes. */
  totals: CustomEvent<Totals>;
  /** By `prepare.thumbnail`. */
  thumbnail: CustomEvent<Thumbnail>;
}

/** Codes of `UploaderError`. */
export type UploaderErrorCode =
  | 'worker_failed' | 'closed' | 'not_unfinished' | 'choose_again' | 'permission_denied' | 'file_changed'
  | 'file_unreadable';

/** What methods of `Uploader` reject with; uploads themselves never throw. */
export class UploaderError extends Error {
  readonly code: UploaderErrorCode;
  constructor(code: UploaderErrorCode, message: string);
}

/** The uploads of one page. */
export class Uploader extends EventTarget {
  constructor(options: UploaderOptions);

  /** Takes files and returns their ids, in order. Nothing is read before it returns. */
  add(files: FileSource | Iterable<FileSource> | ArrayLike<FileSource>, options?: AddOptions): string[];
  /**
   * Takes what was dropped or pasted, directories with all that is in them. Call it while the event is handled; where
   * the browser gives handles, they are kept.
   */
  addFrom(transfer: DataTransfer, options?: AddOptions): Promise<string[]>;

  /** Lets parts in flight end and begins no more; all uploads where no id is given. */
  pause(id?: string): void;
  resume(id?: string): void;
  /** Gives up, on the server too. */
  cancel(id?: string): void;
  /** Tries again what failed; with an id, also what was cancelled. */
  retry(id?: string): void;
  setPriority(id: string, priority: number): void;
  /** Takes uploads that are over out of the list; returns which. */
  remove(id?: string | readonly string[]): string[];

  snapshot(id: string): Snapshot | undefined;
  readonly snapshots: Snapshot[];
  readonly totals: Totals;
  /** The file as it was added; undefined for what was no file, or is no longer in the list. */
  file(id: string): Promise<File | undefined>;

  /** Uploads of earlier visits, newest first. */
  unfinished(): Promise<UnfinishedUpload[]>;
  /**
   * Goes on with one of them by its file's handle; call it under the user's click, for the browser may ask.
   * @throws {UploaderError} `choose_again` where the browser kept no handle: adding the same file again continues
   */
  resumeUnfinished(fingerprint: string): Promise<string>;
  /** Gives one of them up, on the server too. */
  forget(fingerprint: string): Promise<void>;

  /** Stops everything at once. What is unfinished can be gone on with by another Uploader. */
  close(): void;

  addEventListener<K extends keyof UploaderEventMap>(
    type: K,
    listener: (this: Uploader, event: UploaderEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<K extends keyof UploaderEventMap>(
    type: K,
    listener: (this: Uploader, event: UploaderEventMap[K]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
}
