//! The `[log]` section, and the subscriber that it makes.

use serde::Deserialize;
use tracing_subscriber::EnvFilter;

use crate::Section;

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// A line for people.
    #[default]
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// The `[log]` section.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// How lines look.
    #[serde(default)]
    pub format: LogFormat,
    /// What is logged, in `tracing`'s filter syntax; default `info`.
    #[serde(default = "info")]
    pub filter: String,
}

fn info() -> String {
    "info".to_owned()
}

impl Section for Log {
    fn check(&self, mistakes: &mut Vec<String>) {
        if let Err(error) = EnvFilter::try_new(&self.filter) {
            mistakes.push(format!("filter {:?} cannot be read: {error}", self.filter));
        }
    }
}

impl Log {
    /// Sends the process's log to standard error; a second call changes nothing.
    pub fn start(&self) {
        let filter = EnvFilter::try_new(&self.filter).unwrap_or_else(|_| EnvFilter::new("info"));
        let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
        // A subscriber that is already there (a test's, say) stays.
        let _ = match self.format {
            LogFormat::Text => subscriber.with_ansi(false).try_init(),
            LogFormat::Json => subscriber.json().try_init(),
        };
    }
}
