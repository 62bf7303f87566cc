//! Reads a configuration section by section, so that one report names the mistakes of all of them.

use std::{collections::BTreeSet, fmt, path::Path};

use config::{Config, Environment, File, FileFormat, Map, Value};
use serde::de::DeserializeOwned;

/// Prefix of every environment variable that sets something: `SEALMARK__STORE__BUCKET` is `bucket` of `[store]`.
const PREFIX: &str = "SEALMARK";

/// A part of a configuration that can say what is wrong with its own values.
pub trait Section: DeserializeOwned {
    /// Adds one sentence for each value that has the right type but cannot work.
    fn check(&self, _mistakes: &mut Vec<String>) {}
}

/// Everything that is wrong with a configuration, each in one line.
#[derive(Debug)]
pub struct Mistakes(pub Vec<String>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            write!(f, "{}  - {mistake}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read or is not TOML, or a variable cannot be placed.
    #[error("the configuration cannot be read")]
    Unreadable {
        /// Where and why.
        #[source]
        source: config::ConfigError,
    },
    /// Sections or values are wrong.
    #[error("the configuration has mistakes:\n{mistakes}")]
    Wrong {
        /// All of them.
        mistakes: Mistakes,
    },
}

/// A configuration being read.
///
/// ```
/// # use sealmark_settings::{Reader, Section};
/// #[derive(serde::Deserialize)]
/// struct Http { listen: String }
/// impl Section for Http {}
///
/// let mut reader = Reader::new(None, [("SEALMARK__HTTP__LISTEN".into(), "127.0.0.1:80".into())])?;
/// let http: Option<Http> = reader.section("http");
/// reader.finish()?;
/// # assert_eq!(http.unwrap().listen, "127.0.0.1:80");
/// # Ok::<(), sealmark_settings::SettingsError>(())
/// ```
#[derive(Debug)]
pub struct Reader {
    values: Map<String, Value>,
    known: BTreeSet<String>,
    mistakes: Vec<String>,
}

impl Reader {
    /// Reads a TOML file, where one is named, and lays the environment's `SEALMARK__SECTION__KEY` variables over it.
    ///
    /// # Errors
    /// [`SettingsError::Unreadable`] when the file is missing or is not TOML.
    pub fn new(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, SettingsError> {
        let variables: Map<String, String> = environment.into_iter().collect();
        let mut builder = Config::builder();
        if let Some(path) = file {
            builder = builder.add_source(File::from(path).format(FileFormat::Toml));
        }
        let environment =
            Environment::with_prefix(PREFIX).separator("__").prefix_separator("__").source(Some(variables));
        let values = builder
            .add_source(environment)
            .build()
            .and_then(Config::try_deserialize)
            .map_err(|source| SettingsError::Unreadable { source })?;
        Ok(Self { values, known: BTreeSet::new(), mistakes: Vec::new() })
    }

    /// Reads one section; a missing one is read as empty, so that its defaults apply. `None` when it has a mistake,
    /// which [`finish`](Self::finish) then reports.
    pub fn section<S: Section>(&mut self, name: &str) -> Option<S> {
        self.known.insert(name.to_owned());
        let value = self.values.get(name).cloned().unwrap_or_else(|| Value::from(Map::<String, Value>::new()));
        match value.try_deserialize::<S>() {
            Ok(section) => {
                let mut mistakes = Vec::new();
                section.check(&mut mistakes);
                self.mistakes.extend(mistakes.into_iter().map(|mistake| format!("[{name}] {mistake}")));
                Some(section)
            }
            Err(error) => {
                self.mistakes.push(format!("[{name}] {error}"));
                None
            }
        }
    }

    /// Leaves a section to the service whose it is, where two services share one file.
    pub fn leave(&mut self, name: &str) {
        self.known.insert(name.to_owned());
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`SettingsError::Wrong`] with the mistakes of all sections, and those sections that nobody asked for.
    pub fn finish(mut self) -> Result<(), SettingsError> {
        for name in self.values.keys().filter(|name| !self.known.contains(*name)) {
            let known: Vec<_> = self.known.iter().map(String::as_str).collect();
            self.mistakes.push(format!("[{name}] is no section; there are: {}", known.join(", ")));
        }
        if self.mistakes.is_empty() {
            return Ok(());
        }
        self.mistakes.sort();
        Err(SettingsError::Wrong { mistakes: Mistakes(self.mistakes) })
    }
}

/// The process's environment variables that are text, for a `main` to pass in; others cannot be settings.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Http {
        listen: String,
        #[serde(default)]
        limit: u32,
    }

    impl Section for Http {
        fn check(&self, mistakes: &mut Vec<String>) {
            if self.limit > 10 {
                mistakes.push(format!("limit is at most 10, got {}", self.limit));
            }
        }
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let file = file("[http]\nlisten = \"a\"\nlimit = 3\n");
        let mut reader = Reader::new(Some(file.path()), [("SEALMARK__HTTP__LIMIT".into(), "4".into())]).unwrap();
        let http: Http = reader.section("http").unwrap();
        assert_eq!((http.listen.as_str(), http.limit), ("a", 4));
        reader.finish().unwrap();
    }

    #[test]
    fn one_report_names_every_mistake() {
        let file = file("[http]\nlisten = \"a\"\nlimit = 11\n[other]\nx = 1\n[more]\nlisten = 1\nunknown = 2\n");
        let mut reader = Reader::new(Some(file.path()), []).unwrap();
        assert!(reader.section::<Http>("http").is_some());
        assert!(reader.section::<Http>("more").is_none());
        assert!(reader.section::<Http>("absent").is_none());
        let message = reader.finish().unwrap_err().to_string();
        for part in ["[http] limit is at most 10", "[other] is no section", "[more] ", "[absent] missing"] {
            assert!(message.contains(part), "{part} in {message}");
        }
    }
}
