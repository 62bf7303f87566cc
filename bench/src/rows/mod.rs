//! The rows of the table, one file for each kind.

mod large;

use anyhow::Result;
use clap::ValueEnum;

use crate::{Options, report::Section, stack::Stack, stack::Way};

/// A row that can be asked for by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Row {
    /// One large file to the sink
    LargeSink,
    /// One large file to SeaweedFS
    LargeSeaweedfs,
}

impl Row {
    /// What it is, for people.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::LargeSink => "One large file to a sink",
            Self::LargeSeaweedfs => "One large file to SeaweedFS",
        }
    }

    /// Measures it.
    ///
    /// # Errors
    /// When the bench itself cannot go on; a client that fails is a line of the section.
    pub(crate) async fn measure(self, stack: &Stack, options: &Options) -> Result<Section> {
        match self {
            Self::LargeSink => large::measure(self, Way::Sink, stack, options).await,
            Self::LargeSeaweedfs => large::measure(self, Way::SeaweedFs, stack, options).await,
        }
    }
}
