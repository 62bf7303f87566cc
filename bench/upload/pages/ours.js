import { Uploader } from '/pkg/index.js';
import { expose } from './bench.js';

/** The API has answered that the object is whole; what comes after is the worker's. */
const DONE = ['processing', 'ready'];
const LOST = ['failed', 'cancelled'];

let current;
let latest = new Map();

function make(config) {
  latest = new Map();
  const { partSize, ...options } = config.options;
  current = new Uploader({ ...options, ...partSize && { partSize }, token: async () => config.token });
  return current;
}

/** `add` of one file gave one id, of several it gives several. */
const add = async (uploader, files) => (await Promise.all(files.map(file => uploader.add(file)))).flat();

expose({
  upload: (files, config) => new Promise((resolve, reject) => {
    const uploader = make(config);
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
    add(uploader, files).then(ids => {
      for (const id of ids) if (!DONE.includes(latest.get(id)?.state)) open.add(id);
      added = true;
      settle();
    }, reject);
  }),
  add: (files, config) => { add(make(config), files).catch(error => console.error(error)); },
  pause: () => { for (const id of latest.keys()) current.pause(id); },
  resume: () => { for (const id of latest.keys()) current.resume(id); },
  snapshots: () => [...latest.values()],
});
