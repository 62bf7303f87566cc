// Not run: it only has to satisfy `tsc --strict`, so that events, options and codes stay typed.
import { Uploader, UploaderError, type UploadErrorCode, type UploadState } from '@sealmark/web-client';
import { sniff } from '@sealmark/web-client/prepare';
import type { SealmarkUploader } from '@sealmark/web-client/element';

const uploader = new Uploader({
  api: ['https://a.example.com', 'https://b.example.com'],
  token: async ({ expired }) => (expired ? 'new' : 'old'),
  integrity: 'crc64nvme',
  prepare: { thumbnail: true, resize: { maxEdge: 4096 }, strip: 'gps', duplicates: true },
  limits: { types: ['image/jpeg'], maxBytes: 1e9, maxPixels: 1e8, maxFiles: 10 },
});
uploader.addEventListener('change', e => {
  const state: UploadState = e.detail.state;
  const code: string | undefined = e.detail.error?.code;
  console.log(state, code);
});
uploader.addEventListener('totals', e => console.log(e.detail.counts.ready));
uploader.addEventListener('thumbnail', e => URL.createObjectURL(e.detail.blob));
const ids: string[] = uploader.add([new File([], 'a')], { priority: 1 });
uploader.pause(ids[0]);
uploader.pause();
uploader.resumeUnfinished('f').catch((error: unknown) => error instanceof UploaderError && error.code === 'choose_again');
// @ts-expect-error: no such way of checking
new Uploader({ token: () => 't', integrity: 'md5' });
// @ts-expect-error: no such code
const wrong: UploadErrorCode = 'no_such_code';
const { type } = await sniff(new Blob());
const element: SealmarkUploader = document.createElement('sealmark-uploader');
element.addEventListener('change', e => console.log(e.detail.state, type, wrong));
element.token = () => 'token';
