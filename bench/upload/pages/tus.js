import { Upload } from 'tus-js-client';
import { expose, pool } from './bench.js';

const running = new Set();

expose({
  upload: (files, config) => pool(files, files.length > 1 ? config.concurrency : 1, file => new Promise((resolve, reject) => {
    const upload = new Upload(file, {
      endpoint: config.tus,
      retryDelays: [0, 1000, 3000, 5000],
      // Its documentation advises against a chunk size where the server takes any. Several connections for one file need
      // the concatenation extension, which the file store of its own server does not have.
      // One request instead of two for small files.
      uploadDataDuringCreation: files.length > 1,
      storeFingerprintForResuming: false,
      metadata: { filename: file.name, filetype: file.type },
      onSuccess() { running.delete(upload); resolve(); },
      onError(error) { running.delete(upload); reject(error); },
    });
    running.add(upload);
    upload.start();
  })),
  add(files) {
    for (const file of files) running.add(new Upload(file, { endpoint: 'http://127.0.0.1:9/' }));
  },
  pause: () => { for (const upload of running) upload.abort(); },
  resume: () => { for (const upload of running) upload.start(); },
});
