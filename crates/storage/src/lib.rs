//! Object keys, presigned URLs and multipart uploads over aws-sdk-s3.
