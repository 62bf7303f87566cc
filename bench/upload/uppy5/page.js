import Uppy from '@uppy/core';
import AwsS3 from '@uppy/aws-s3';
import { exposeUppy } from '../pages/uppy.js';

exposeUppy(Uppy, AwsS3, config => ({
  endpoint: config.companion,
  headers: { Authorization: `Bearer ${config.token}` },
  limit: config.concurrency,
  shouldUseMultipart: file => file.size > config.part_size,
  getChunkSize: () => config.part_size,
}));
