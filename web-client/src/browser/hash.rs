//! Checksums of parts: by the browser where it may, else by our own code.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use js_sys::{ArrayBuffer, Function, Object, Promise, Uint8Array};
use sealmark_hash::FourLanes;
use sealmark_protocol::{Checksum, Crc64NvmeHasher, Integrity, Sha256Digest};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, SubtleCrypto};

use super::{
    Host,
    file::{crypto, cut, unreadable},
    work::begin,
};
use crate::engine::ReadError;

/// The browser's own hashing wants the whole part in memory; longer parts are hashed piece by piece, in bytes.
const LONGEST_WHOLE_BYTES: u64 = 64 * 1024 * 1024;
/// Such a piece, in bytes.
const PIECE_BYTES: u64 = 512 * 1024;

/// Whether the browser hashes for us; where not, our own code does, and is at its best with four parts at once.
pub(super) fn is_by_browser() -> bool {
    subtle().is_some()
}

/// Only secure contexts have it: https and localhost.
fn subtle() -> Option<SubtleCrypto> {
    let subtle = crypto()?.subtle();
    (!subtle.is_undefined()).then_some(subtle)
}

async fn by_browser(bytes: &Object) -> Option<Sha256Digest> {
    let hashing = subtle()?.digest_with_str_and_buffer_source("SHA-256", bytes).ok()?;
    let digest = JsFuture::from(hashing).await.ok()?;
    let mut digest_bytes = [0; 32];
    Uint8Array::new(&digest).copy_to(&mut digest_bytes);
    Some(Sha256Digest::from_bytes(digest_bytes))
}

/// The SHA-256 of a few bytes.
pub(super) async fn sha256(bytes: &ArrayBuffer) -> Sha256Digest {
    match by_browser(bytes).await {
        Some(digest) => digest,
        None => Sha256Digest::of(&Uint8Array::new(bytes).to_vec()),
    }
}

/// The checksum of a part.
pub(super) async fn part(
    host: &Host,
    lanes: &Lanes,
    file: &File,
    offset: u64,
    length: u64,
    integrity: Integrity,
) -> Result<Checksum, ReadError> {
    match integrity {
        Integrity::None => Ok(Checksum::None),
        Integrity::Sha256 => {
            if subtle().is_some() && length <= LONGEST_WHOLE_BYTES {
                let bytes = whole(host.read(&cut(file, offset, length)?), length).await?;
                let digest = by_browser(&bytes).await;
                host.give(&bytes);
                if let Some(digest) = digest {
                    return Ok(Checksum::Sha256(digest));
                }
            }
            let digest = lanes.hash(host, file, offset, length).await?;
            Ok(Checksum::Sha256(digest))
        }
        Integrity::Crc64nvme => {
            let mut hasher = Crc64NvmeHasher::default();
            let mut copy = vec![0; PIECE_BYTES as usize];
            let mut done = 0;
            while done < length {
                let read = (length - done).min(LONGEST_WHOLE_BYTES);
                let bytes = whole(host.read(&cut(file, offset + done, read)?), read).await?;
                for begin in (0..read as u32).step_by(PIECE_BYTES as usize) {
                    let end = (begin + PIECE_BYTES as u32).min(read as u32);
                    let copy = &mut copy[..(end - begin) as usize];
                    bytes.subarray(begin, end).copy_to(copy);
                    hasher.update(copy);
                }
                host.give(&bytes);
                done += read;
            }
            Ok(Checksum::Crc64nvme(hasher.finish()))
        }
    }
}

/// Four lanes that parts are hashed in, side by side, each read piece by piece.
#[derive(Clone, Default)]
pub(super) struct Lanes(Rc<RefCell<Waiting>>);

#[derive(Default)]
struct Waiting {
    jobs: Vec<Job>,
    is_running: bool,
}

struct Job {
    file: File,
    /// What is left of the range.
    offset: u64,
    length: u64,
    answer: Rc<Cell<Option<Hashed>>>,
    /// Wakes the one who waits for the answer.
    wake: Function,
}

type Hashed = Result<Sha256Digest, ReadError>;

impl Job {
    fn is_wanted(&self) -> bool {
        Rc::strong_count(&self.answer) > 1
    }

    fn answer(self, hashed: Hashed) {
        self.answer.set(Some(hashed));
        let _ = self.wake.call0(&JsValue::UNDEFINED);
    }
}

impl Lanes {
    async fn hash(&self, host: &Host, file: &File, offset: u64, length: u64) -> Result<Sha256Digest, ReadError> {
        let answer = Rc::new(Cell::new(None));
        let mut wake = None;
        let woken = Promise::new(&mut |resolve, _| wake = Some(resolve));
        if let Some(wake) = wake {
            let mut waiting = self.0.borrow_mut();
            waiting.jobs.push(Job { file: file.clone(), offset, length, answer: Rc::clone(&answer), wake });
            if !std::mem::replace(&mut waiting.is_running, true) {
                begin(Box::pin(self.clone().run(host.clone())));
            }
        }
        let _ = JsFuture::from(woken).await;
        answer.take().unwrap_or_else(|| Err(ReadError { changed: false, reason: String::new() }))
    }

    async fn run(self, host: Host) {
        let mut lanes = FourLanes::default();
        let mut jobs: [Option<Job>; 4] = [const { None }; 4];
        loop {
            {
                let mut waiting = self.0.borrow_mut();
                for job in &mut jobs {
                    // The oldest first; one that nobody waits for any more is let go.
                    while job.is_none() && !waiting.jobs.is_empty() {
                        *job = Some(waiting.jobs.remove(0)).filter(Job::is_wanted);
                    }
                }
                if jobs.iter().all(Option::is_none) {
                    waiting.is_running = false;
                    return;
                }
            }
            let mut pieces: [Vec<u8>; 4] = Default::default();
            let reads: [Option<Promise>; 4] = std::array::from_fn(|lane| {
                let job = jobs[lane].as_ref()?;
                Some(host.read(&cut(&job.file, job.offset, job.length.min(PIECE_BYTES)).ok()?))
            });
            for (lane, read) in reads.into_iter().enumerate() {
                let Some(job) = &mut jobs[lane] else { continue };
                let wanted = job.length.min(PIECE_BYTES);
                let read = read.ok_or_else(|| ReadError { changed: false, reason: String::new() });
                let bytes = match read {
                    Ok(read) => whole(read, wanted).await,
                    Err(error) => Err(error),
                };
                match bytes {
                    Ok(bytes) => {
                        pieces[lane] = bytes.to_vec();
                        host.give(&bytes);
                        job.offset += wanted;
                        job.length -= wanted;
                    }
                    Err(error) => {
                        lanes.finish(lane);
                        if let Some(job) = jobs[lane].take() {
                            job.answer(Err(error));
                        }
                    }
                }
            }
            lanes.update([&pieces[0], &pieces[1], &pieces[2], &pieces[3]]);
            for (lane, job) in jobs.iter_mut().enumerate() {
                if let Some(done) = job.take_if(|job| job.length == 0 || !job.is_wanted()) {
                    done.answer(Ok(Sha256Digest::from_bytes(lanes.finish(lane))));
                }
            }
        }
    }
}

/// What was read, if it is as long as it should be.
async fn whole(read: Promise, wanted: u64) -> Result<Uint8Array, ReadError> {
    let bytes = JsFuture::from(read).await.map_err(|error| unreadable(&error))?;
    let bytes: Uint8Array = bytes.unchecked_into();
    if u64::from(bytes.length()) == wanted {
        Ok(bytes)
    } else {
        Err(ReadError { changed: true, reason: "the file has become shorter".to_owned() })
    }
}
