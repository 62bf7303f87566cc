//! Resumable multipart uploads straight into S3, for the browser and native.
