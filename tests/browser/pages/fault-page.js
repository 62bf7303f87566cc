// The barest page that uploads: it shows state and code of each upload, and leaves the uploader to the test.
// Query: speed, skew_ms and database go to the Worker, see fault-worker.js; options is JSON for the Uploader.

const query = new URLSearchParams(location.search);
const NativeWorker = Worker;

globalThis.Worker = class extends NativeWorker {
  constructor(url, options) {
    super(new URL(url).pathname === '/pkg/worker.js' ? new URL(`/fault-worker.js${location.search}`, location) : url, options);
  }
};

const { Uploader } = await import('/pkg/index.js');

const list = document.querySelector('#uploads');
const input = document.querySelector('#file-input');
const tokens = query.getAll('token');

/** What the test asks the page for. */
const page = {
  uploads: {}, // the latest snapshot of each, by id
  seen: {}, // the states that each went through
  wrongs: [], // what must never happen
  questions: [], // how the uploader asked for tokens
  name: null, // a name to give the next file, where its own will not do
  uploader: new Uploader({
    ...JSON.parse(query.get('options') ?? '{}'),
    async token(reason) {
      page.questions.push(reason);
      return tokens.length > 1 ? tokens.shift() : tokens[0];
    },
  }),
  forAll(what) {
    for (const id of Object.keys(page.uploads)) page.uploader[what](id);
  },
};
globalThis.page = page;

function show(snapshot) {
  const { id, state, error, acknowledged_bytes: acknowledged } = snapshot;
  const before = page.uploads[id];
  if (before && before.upload_id === snapshot.upload_id && acknowledged < before.acknowledged_bytes) {
    page.wrongs.push(`acknowledged bytes went down from ${before.acknowledged_bytes} to ${acknowledged}`);
  }
  page.uploads[id] = snapshot;
  page.seen[id] ??= [];
  if (page.seen[id].at(-1) !== state) page.seen[id].push(state);
  let item = list.querySelector(`[data-id="${id}"]`);
  if (!item) {
    item = document.createElement('li');
    item.dataset.id = id;
    list.append(item);
  }
  item.dataset.uploadId = snapshot.upload_id ?? '';
  item.dataset.state = state;
  if (error) item.dataset.errorCode = error.code;
  else delete item.dataset.errorCode;
  item.textContent = `${snapshot.file_name}: ${state} ${error?.message ?? ''}`;
}

page.uploader.addEventListener('change', event => show(event.detail));

async function take(files) {
  for (const file of files) {
    const { name, size, type, lastModified } = file;
    const named = page.name === null ? file : new File([file], page.name, { type, lastModified });
    if (named.size !== size) page.wrongs.push(`${name} changed its size in being named`);
    await page.uploader.add(named);
  }
}

input.addEventListener('change', () => {
  const files = [...input.files];
  input.value = '';
  take(files);
});
addEventListener('dragover', event => event.preventDefault());
addEventListener('drop', event => {
  event.preventDefault();
  // As a page does that knows nothing of directories: one comes as a File that cannot be read.
  take(event.dataTransfer.files);
});
// The Worker's script and module are here when it answers: from now on the link may be cut.
await page.uploader.unfinished();
document.body.dataset.started = 'yes';
