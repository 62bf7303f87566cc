//! The stores under test, and what each guarantees.

use anyhow::Result;
use sealmark_storage::{RuleOutcome, StoreConfig};
use sealmark_tests::{minio::Minio, seaweedfs::SeaweedFs};

/// Which store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    SeaweedFs,
    Minio,
}

/// What a second, equal CompleteMultipartUpload answers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// The same etag again.
    SameEtag,
    /// No such upload: look whether the object is there.
    UploadNotFound,
}

/// Where stores differ. All else is the same for every store.
#[derive(Debug)]
pub(crate) struct Guarantees {
    pub(crate) cors_rules: RuleOutcome,
    pub(crate) abort_rules: RuleOutcome,
    /// Whether a preflight from an origin that no rule names is refused.
    pub(crate) refuses_other_origins: bool,
    pub(crate) complete_twice: Repeat,
    /// Whether of a part that was sent twice only the second is listed.
    pub(crate) forgets_replaced_parts: bool,
    /// Whether a part under 5 MiB that is not the last is refused at completion.
    pub(crate) refuses_small_parts: bool,
    /// Whether a completion is refused whose SHA-256 of a part is not that of the stored part.
    pub(crate) checks_sha256_at_completion: bool,
}

impl Kind {
    pub(crate) fn guarantees(self) -> Guarantees {
        match self {
            Self::SeaweedFs => Guarantees {
                cors_rules: RuleOutcome::Applied,
                abort_rules: RuleOutcome::Applied,
                refuses_other_origins: true,
                complete_twice: Repeat::SameEtag,
                forgets_replaced_parts: false,
                refuses_small_parts: true,
                checks_sha256_at_completion: true,
            },
            Self::Minio => Guarantees {
                cors_rules: RuleOutcome::NotSupported,
                abort_rules: RuleOutcome::NotSupported,
                refuses_other_origins: false,
                complete_twice: Repeat::UploadNotFound,
                forgets_replaced_parts: true,
                refuses_small_parts: true,
                checks_sha256_at_completion: true,
            },
        }
    }
}

/// A running store.
pub(crate) enum Server {
    SeaweedFs(SeaweedFs),
    Minio(Minio),
}

impl Server {
    pub(crate) async fn start(kind: Kind) -> Result<Self> {
        Ok(match kind {
            Kind::SeaweedFs => Self::SeaweedFs(SeaweedFs::start().await?),
            Kind::Minio => Self::Minio(Minio::start().await?),
        })
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::SeaweedFs(_) => Kind::SeaweedFs,
            Self::Minio(_) => Kind::Minio,
        }
    }

    pub(crate) fn store_config(&self) -> StoreConfig {
        match self {
            Self::SeaweedFs(server) => server.store_config(),
            Self::Minio(server) => server.store_config(),
        }
    }

    pub(crate) fn log_tail(&self) -> String {
        match self {
            Self::SeaweedFs(server) => server.process().log_tail(4_000),
            Self::Minio(server) => server.process().log_tail(4_000),
        }
    }

    pub(crate) fn crash(&mut self) {
        match self {
            Self::SeaweedFs(server) => server.crash(),
            Self::Minio(server) => server.crash(),
        }
    }

    pub(crate) async fn start_again(&mut self) -> Result<()> {
        match self {
            Self::SeaweedFs(server) => server.start_again().await,
            Self::Minio(server) => server.start_again().await,
        }
    }
}
