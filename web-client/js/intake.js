// Every way in for a file: a File, a handle of one, a list of either, what was dropped or pasted.

/** Directory entries handed on at once. */
const BATCH = 200;

/** Whether it is a handle of the File System Access API; the class itself is absent in insecure contexts. */
export const isHandle = value => typeof value?.getFile === 'function';

/**
 * @param {File | FileSystemFileHandle | Iterable<File | FileSystemFileHandle>} files
 * @returns {{file?: File, handle?: FileSystemFileHandle, name?: string, refused?: {code: string, message: string}}[]}
 */
export function listOf(files) {
  const list = isOne(files) ? [files] : [...files];
  return list.map(source => {
    if (source instanceof File) return { file: source };
    if (isHandle(source)) return { handle: source };
    if (source?.kind === 'directory') return refusedDirectory(source.name, 'is_directory', 'this is a directory');
    return source;
  });
}

const isOne = value => value instanceof File || isHandle(value) || value?.kind === 'directory' || value?.file instanceof File;

const refusedDirectory = (name, code, message) => ({ name, refused: { code, message } });

/**
 * What a DataTransfer holds, directories walked through, in batches. Hidden files are left out.
 * What the transfer holds is taken at once, for it is empty when its event is over.
 */
export function batchesOf(transfer) {
  const roots = [...transfer.items].filter(item => item.kind === 'file').map(item => ({
    // A handle outlives the page, so it is preferred; its promise is null for what came from no file system.
    handle: item.getAsFileSystemHandle?.().catch(() => null),
    entry: item.webkitGetAsEntry?.() ?? null,
    file: item.getAsFile(),
  }));
  return inBatches(all(roots));
}

async function* inBatches(sources) {
  let batch = [];
  for await (const source of sources) {
    batch.push(source);
    if (batch.length === BATCH) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

async function* all(roots) {
  for (const root of roots) {
    const handle = await root.handle;
    if (handle) yield* fromHandle(handle, root.file);
    else if (root.entry) yield* fromEntry(root.entry, root.file);
    else if (root.file) yield { file: root.file };
  }
}

async function* fromHandle(handle, file = null) {
  if (handle.name.startsWith('.')) return;
  if (handle.kind === 'file') return void (yield file ? { file, handle } : { handle });
  try {
    for await (const child of handle.values()) yield* fromHandle(child);
  } catch (error) {
    yield refusedDirectory(handle.name, 'directory_unreadable', String(error?.message ?? error));
  }
}

async function* fromEntry(entry, file = null) {
  if (entry.name.startsWith('.')) return;
  try {
    if (entry.isFile) {
      return void (yield { file: file ?? (await new Promise((resolve, reject) => entry.file(resolve, reject))) });
    }
    const reader = entry.createReader();
    for (;;) {
      // A reader gives its entries in portions, the last one empty.
      const children = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (children.length === 0) return;
      for (const child of children) yield* fromEntry(child);
    }
  } catch (error) {
    const code = entry.isFile ? 'file_unreadable' : 'directory_unreadable';
    yield refusedDirectory(entry.name, code, String(error?.message ?? error));
  }
}
