//! Support for the tests: real Redis, S3 stores, PostgreSQL and Chromium, each on a free loopback port, with its own
//! folder, ended by its own process id.

pub mod browser;
pub mod bucket;
pub mod client;
pub mod configuration;
pub mod faulty_http;
pub mod line;
pub mod minio;
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod redis_server;
pub mod seaweedfs;
