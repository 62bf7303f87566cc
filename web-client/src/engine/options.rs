//! What one upload is and how hard it tries.

use sealmark_protocol::UploadId;

use super::Backoff;

/// The file to upload and what makes its upload its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The file's name as the user sees it.
    pub file_name: String,
    /// Size of the whole file in bytes.
    pub size_bytes: u64,
    /// Media type as the system believes it.
    pub content_type: Option<String>,
    /// An upload of the same file from an earlier visit, to go on with.
    pub resume: Option<UploadId>,
    /// Random text, 1 to 60 printable characters, different for each upload: the beginning of its idempotency keys.
    pub idempotency_key: String,
    /// Random number for the jitter of waits.
    pub seed: u64,
}

/// How hard to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Parts that are sent at once, at least 1.
    pub concurrency: usize,
    /// Parts that are read and hashed at once, at least 1; each may take its whole size in memory.
    pub hash_concurrency: usize,
    /// Parts between reading and stored, those being sent included; more than `concurrency`, so that no sender waits.
    pub window: usize,
    /// Part size to ask for, in bytes; the server's plan is what counts.
    pub part_size_bytes: u64,
    /// Attempts for each part.
    pub part_backoff: Backoff,
    /// Attempts for each call of the API.
    pub call_backoff: Backoff,
    /// Attempts to follow the picture without any news, once the file is whole.
    pub watch_backoff: Backoff,
    /// A call of the API without an answer for this long is broken off, in milliseconds.
    pub call_timeout_ms: u64,
    /// The same for completing, for which the store puts the object together, in milliseconds.
    pub complete_timeout_ms: u64,
    /// A part of which no byte moves for this long is broken off, in milliseconds.
    pub stall_timeout_ms: u64,
    /// A stream of records that is silent for this long is broken off, in milliseconds; the server's heartbeat is 15 s.
    pub silence_timeout_ms: u64,
    /// Time between two looks at the picture where streams do not get through, in milliseconds.
    pub look_every_ms: u64,
}

impl Limits {
    /// The default limits with this many parts at once, 1 to 16.
    pub fn with_concurrency(concurrency: usize) -> Self {
        let concurrency = concurrency.clamp(1, 16);
        Self { concurrency, window: concurrency * 3, ..Self::default() }
    }
}

impl Default for Limits {
    fn default() -> Self {
        let patient = Backoff { first_ms: 1_000, longest_ms: 60_000, attempts: 8 };
        Self {
            concurrency: 4,
            hash_concurrency: 2,
            window: 12,
            part_size_bytes: 8 * 1024 * 1024,
            part_backoff: patient,
            call_backoff: patient,
            watch_backoff: Backoff { first_ms: 1_000, longest_ms: 30_000, attempts: 20 },
            call_timeout_ms: 30_000,
            complete_timeout_ms: 120_000,
            stall_timeout_ms: 60_000,
            silence_timeout_ms: 45_000,
            look_every_ms: 2_000,
        }
    }
}
