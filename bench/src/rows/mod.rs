//! The rows of the table, one file for each kind.

mod breaks;
mod hash;
mod large;
mod links;
mod many;
mod memory;
mod size;

use anyhow::Result;
use clap::ValueEnum;
use sealmark_bench_report::Section;

use crate::{Options, stack::Stack, stack::Way};

/// A row that can be asked for by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Row {
    /// One large file to the sink
    LargeSink,
    /// One large file to SeaweedFS
    LargeSeaweedfs,
    /// A thousand small files to the sink
    ManySink,
    /// A thousand small files to SeaweedFS
    ManySeaweedfs,
    /// Five thousand files added
    Add,
    /// 50 Mbit/s for each connection
    LinkA,
    /// The same with resets
    LinkAResets,
    /// 50 Mbit/s for all together
    LinkB,
    /// The same with resets
    LinkBResets,
    /// The link is down for minutes
    Offline,
    /// The store answers 503 for minutes
    Refusing,
    /// Paused and resumed
    Pause,
    /// Reloaded
    Reload,
    /// Heap and buffers
    Memory,
    /// SHA-256 without crypto.subtle
    Hash,
    /// Bytes that a visitor downloads
    Size,
}

impl Row {
    /// What it is, for people.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::LargeSink => "One large file to a sink",
            Self::LargeSeaweedfs => "One large file to SeaweedFS",
            Self::ManySink => "Many files to a sink",
            Self::ManySeaweedfs => "Many files to SeaweedFS",
            Self::Add => "Adding many files",
            Self::LinkA => "Link A",
            Self::LinkAResets => "Link A with resets",
            Self::LinkB => "Link B",
            Self::LinkBResets => "Link B with resets",
            Self::Offline => "Offline",
            Self::Refusing => "503",
            Self::Pause => "Pause",
            Self::Reload => "Reload",
            Self::Memory => "Memory and the page's thread",
            Self::Hash => "Hashing on an insecure page",
            Self::Size => "Size",
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
            Self::ManySink => many::upload(self, Way::Sink, stack, options).await,
            Self::ManySeaweedfs => many::upload(self, Way::SeaweedFs, stack, options).await,
            Self::Add => many::add(self, stack, options).await,
            Self::LinkA | Self::LinkAResets | Self::LinkB | Self::LinkBResets => {
                links::measure(self, stack, options).await
            }
            Self::Offline => breaks::measure(self, breaks::Break::Offline, stack, options).await,
            Self::Refusing => breaks::measure(self, breaks::Break::Refusing, stack, options).await,
            Self::Pause => breaks::measure(self, breaks::Break::Pause, stack, options).await,
            Self::Reload => breaks::measure(self, breaks::Break::Reload, stack, options).await,
            Self::Memory => memory::measure(self, stack, options).await,
            Self::Hash => hash::measure(self, stack, options).await,
            Self::Size => size::measure(self, options),
        }
    }
}
