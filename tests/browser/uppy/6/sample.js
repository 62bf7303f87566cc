import AwsS3 from '@uppy/aws-s3';
import Uppy from '@uppy/core';

/** An Uppy 6 that uploads to Sealmark: `address` as `https://pictures.example`, `token` from your back end. */
export function uploader(address, token) {
  return new Uppy().use(AwsS3, {
    companionEndpoint: `${address}/companion/t/${token}`,
    shouldUseMultipart: (file) => file.size > 10 * 2 ** 20,
  });
}
