//! What one upload is and how hard it tries.

use sealmark_protocol::Integrity;

use super::backoff::Patience;

/// The file to upload and what makes its upload its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The file's name as the user sees it.
    pub file_name: String,
    /// Size of the whole file in bytes.
    pub size_bytes: u64,
    /// Media type as the system believes it.
    pub content_type: Option<String>,
    /// Random text, 1 to 60 printable characters, different for each upload: the beginning of its idempotency keys.
    pub idempotency_key: String,
    /// Random number for the jitter of waits.
    pub seed: u64,
}

/// How hard to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Parts of all files that are sent at once, 1 to 8; `None` leaves it to what the link bears.
    pub concurrency: Option<usize>,
    /// Part size to ask for, in bytes; `None` leaves it to what the link bears. The server's plan is what counts.
    pub part_size_bytes: Option<u64>,
    /// How the store checks the bytes.
    pub integrity: Integrity,
    /// Whether to hash the whole file first, so that content that the tenant has already need not be sent; only with
    /// [`Integrity::Sha256`].
    pub instant: bool,
    /// Parts that are read and hashed at the same time, at least 1; of those that are hashed as a whole each takes its
    /// length in memory.
    pub hash_at_once: u64,
    /// What fails for a reason that time may mend is tried again for this long without any success, in milliseconds.
    pub patience_ms: u64,
    /// No wait between two attempts is longer, in milliseconds, but where the server asks for more.
    pub longest_wait_ms: u64,
    /// A call of the API without an answer for this long is broken off, in milliseconds.
    pub call_timeout_ms: u64,
    /// The same for completing, for which the store puts the object together, and for a proof, for which it copies
    /// one, in milliseconds.
    pub complete_timeout_ms: u64,
    /// A part of which no byte moves for this long is broken off, in milliseconds.
    pub stall_timeout_ms: u64,
    /// A part of which every byte has left, as far as the browser can tell, and that has no answer for this long is
    /// broken off, in milliseconds: on a slow link the system's own buffers hold minutes of it.
    pub answer_timeout_ms: u64,
    /// A stream of records that is silent for this long is broken off, in milliseconds; the server's heartbeat is 15 s.
    pub silence_timeout_ms: u64,
    /// Time between two looks at the picture where streams do not get through, in milliseconds.
    pub look_every_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            concurrency: None,
            part_size_bytes: None,
            integrity: Integrity::default(),
            instant: false,
            hash_at_once: 2,
            patience_ms: 24 * 3_600 * 1_000,
            longest_wait_ms: 60_000,
            call_timeout_ms: 30_000,
            complete_timeout_ms: 120_000,
            stall_timeout_ms: 60_000,
            answer_timeout_ms: 300_000,
            silence_timeout_ms: 45_000,
            look_every_ms: 2_000,
        }
    }
}

/// Bytes of parts that all uploads together have in use, of those that they may have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    /// In use.
    pub used_bytes: u64,
    /// Most that may be; one part may be in use however long it is.
    pub most_bytes: u64,
}

impl Budget {
    /// Nothing may be begun.
    pub(super) const NOTHING: Self = Self { used_bytes: 1, most_bytes: 0 };

    /// Whether another part may be begun.
    pub(super) const fn has_room(&self, length: u64) -> bool {
        self.used_bytes == 0 || self.used_bytes + length <= self.most_bytes
    }
}

impl Limits {
    pub(super) const fn patience(&self) -> Patience {
        Patience { for_ms: self.patience_ms, longest_wait_ms: self.longest_wait_ms }
    }
}

/// What one upload may begin now, of what all uploads together may.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// Parts to begin to send.
    pub puts: usize,
    /// Parts that are read and hashed at the same time.
    pub hashing: Budget,
    /// Parts between reading and sending.
    pub ahead: Budget,
    /// Part size to ask for in a creation, in bytes.
    pub part_size_bytes: u64,
}
