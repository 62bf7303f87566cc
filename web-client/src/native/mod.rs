//! The driver for native programs: reqwest for the API and the store, positioned reads for the files.

mod api;
mod local_file;
mod put;
mod token;
mod uploads;
mod watch;

use std::path::PathBuf;

pub use self::{
    api::Api,
    local_file::LocalFile,
    token::TokenSource,
    uploads::{Config, Uploads},
};

/// Why uploads could not begin.
#[derive(Debug, thiserror::Error)]
pub enum NativeError {
    /// The API's address is no http or https URL.
    #[error("{api:?} is not an http or https URL")]
    ApiUrl {
        /// What was given.
        api: String,
    },
    /// No HTTP client could be made, for instance without any root certificate.
    #[error("the HTTP client cannot start")]
    HttpClient {
        /// What the client says.
        #[source]
        source: reqwest::Error,
    },
    /// A file cannot be opened.
    #[error("{} cannot be opened", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A folder, a pipe or a device, which has no size to plan by.
    #[error("{} is not a plain file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
}
