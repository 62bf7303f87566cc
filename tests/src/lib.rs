//! End-to-end tests on real Redis, S3 stores, PostgreSQL and Chromium.
