// Uppy by its public interface; 5 and 6 differ in their options only.

import { expose } from './bench.js';

export function exposeUppy(Uppy, AwsS3, options) {
  const make = config => {
    const uppy = new Uppy({ autoProceed: false, debug: false });
    uppy.use(AwsS3, options(config));
    return uppy;
  };
  const add = (uppy, files) => uppy.addFiles(files.map(file => ({ name: file.name, type: file.type, data: file, source: 'local' })));
  let current;
  expose({
    async upload(files, config) {
      const uppy = current = make(config);
      add(uppy, files);
      const { failed, successful } = await uppy.upload();
      if (failed.length) throw new Error(`${failed.length} of ${files.length} failed: ${failed[0].error}`);
      if (successful.length !== files.length) throw new Error(`${successful.length} of ${files.length} uploaded`);
    },
    add(files, config) {
      current = make(config);
      add(current, files);
    },
    pause: () => current.pauseAll(),
    resume: () => current.resumeAll(),
    retry: () => current.retryAll(),
  });
}
