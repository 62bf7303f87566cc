import { Uploader } from '/pkg/index.js';
import { expose } from './bench.js';

/** The API has answered that the object is whole; what comes after is the worker's. */
const DONE = ['processing', 'ready'];
const LOST = ['failed', 'cancelled'];

let current;
let latest = new Map();

function make(config) {
  latest = new Map();
  current = new Uploader({ ...config.options, token: async () => config.token });
  return current;
}

expose({
  // A page makes its Uploader when it loads; the Worker is then up before anybody has chosen a file.
  prepare: config => make(config).unfinished(),
  upload: (files, config) => new Promise((resolve, reject) => {
    const uploader = current;
    const open = new Set();
    let added = false;
    const settle = () => { if (added && open.size === 0) resolve(); };
    uploader.addEventListener('change', ({ detail }) => {
      latest.set(detail.id, detail);
      if (DONE.includes(detail.state)) open.delete(detail.id);
      else open.add(detail.id);
      if (LOST.includes(detail.state)) reject(new Error(`${detail.error?.code}: ${detail.error?.message}`));
      settle();
    });
    for (const id of uploader.add(files)) if (!DONE.includes(latest.get(id)?.state)) open.add(id);
    added = true;
    settle();
  }),
  add: files => { current.add(files); },
  pause: () => current.pause(),
  resume: () => current.resume(),
  snapshots: () => [...latest.values()],
});
