import Evaporate from 'evaporate';
import { call, expose } from './bench.js';

const hex = buffer => Array.from(new Uint8Array(buffer), byte => byte.toString(16).padStart(2, '0')).join('');

expose({
  async upload(files, config) {
    const evaporate = await Evaporate.create({
      bucket: config.bucket,
      aws_url: config.store,
      aws_key: config.access_key,
      awsRegion: 'us-east-1',
      awsSignatureVersion: '4',
      // Version 4 of the signature is not to be had without both.
      computeContentMd5: true,
      cryptoMd5Method: config.md5 ?? (() => { throw new Error('MD5'); }),
      cryptoHexEncodedHash256: async text => hex(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))),
      customAuthMethod: async (_, __, text, date) => (await call(config, 'evaporate', { text, date })).signature,
      partSize: config.part_size,
      maxConcurrentParts: config.concurrency,
      logging: false,
    });
    await Promise.all(files.map(file => evaporate.add({ name: `bench/${file.name}`, file })));
  },
});
