//! A file on this machine, read at given places so that several parts are read at once.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use bytes::Bytes;
use futures::{Stream, stream};
use sealmark_protocol::{Challenge, Checksum, Crc64NvmeHasher, Integrity, Sha256Digest};
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;

use super::NativeError;
use crate::engine::ReadError;

/// So much is read at once, in bytes.
const READ_BYTES: u64 = 256 * 1024;

/// A file that is open for reading.
#[derive(Debug, Clone)]
pub struct LocalFile {
    path: PathBuf,
    file: Arc<File>,
    size_bytes: u64,
    /// `None` where the system does not say.
    modified: Option<SystemTime>,
}

impl LocalFile {
    /// Opens a file.
    ///
    /// # Errors
    /// [`NativeError::Open`] where the system refuses, [`NativeError::NotAFile`] for a folder, a pipe or a device.
    pub fn open(path: &Path) -> Result<Self, NativeError> {
        let failed = |source| NativeError::Open { path: path.to_owned(), source };
        // Asked before opening, which would wait for ever at a pipe that nobody writes to.
        if !std::fs::metadata(path).map_err(failed)?.is_file() {
            return Err(NativeError::NotAFile { path: path.to_owned() });
        }
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        let (size_bytes, modified) = (metadata.len(), metadata.modified().ok());
        Ok(Self { path: path.to_owned(), file: Arc::new(file), size_bytes, modified })
    }

    /// Where it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name without its folders.
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned()
    }

    /// Size when it was opened, in bytes.
    pub const fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// The bytes' answer to a challenge: SHA-256 over the nonce and the ranges.
    pub(super) async fn prove(&self, challenge: Challenge) -> Result<Sha256Digest, ReadError> {
        let file = self.clone();
        let hashed = spawn_blocking(move || {
            let mut hasher = Sha256::new_with_prefix(challenge.nonce);
            for range in challenge.ranges {
                hasher.update(file.read(range.offset, range.length.min(READ_BYTES))?);
            }
            Ok(Sha256Digest::from_bytes(hasher.finalize().into()))
        });
        let hashed = hashed.await.unwrap_or_else(|panic| Err(io::Error::other(panic)));
        hashed.map_err(|error: io::Error| read_error(&error))
    }

    /// The checksum of a range of bytes; takes 256 KiB of memory however long the range is.
    pub(super) async fn hash(&self, offset: u64, length: u64, integrity: Integrity) -> Result<Checksum, ReadError> {
        let file = self.clone();
        let hashed = spawn_blocking(move || {
            let mut sha256 = Sha256::new();
            let mut crc = Crc64NvmeHasher::default();
            let mut done = 0;
            while done < length {
                let bytes = file.read(offset + done, (length - done).min(READ_BYTES))?;
                match integrity {
                    Integrity::Sha256 => sha256.update(&bytes),
                    Integrity::Crc64nvme => crc.update(&bytes),
                    Integrity::None => break,
                }
                done += bytes.len() as u64;
            }
            Ok(match integrity {
                Integrity::Sha256 => Checksum::Sha256(Sha256Digest::from_bytes(sha256.finalize().into())),
                Integrity::Crc64nvme => Checksum::Crc64nvme(crc.finish()),
                Integrity::None => Checksum::None,
            })
        });
        let hashed = hashed.await.unwrap_or_else(|panic| Err(io::Error::other(panic)));
        hashed.map_err(|error: io::Error| read_error(&error))
    }

    /// The bytes of a range, read as they are asked for.
    pub(super) fn bytes(&self, offset: u64, length: u64) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        let file = self.clone();
        stream::try_unfold((file, 0), move |(file, done)| async move {
            if done == length {
                return Ok(None);
            }
            let reader = file.clone();
            let read = spawn_blocking(move || reader.read(offset + done, (length - done).min(READ_BYTES)));
            let bytes = read.await.map_err(io::Error::other)??;
            let done = done + bytes.len() as u64;
            Ok(Some((Bytes::from(bytes), (file, done))))
        })
    }

    /// Bytes of the file as it was opened: parts of two versions would make an object of neither.
    fn read(&self, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        let bytes = read(&self.file, offset, length)?;
        let metadata = self.file.metadata()?;
        if (metadata.len(), metadata.modified().ok()) != (self.size_bytes, self.modified) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it has changed since it was opened"));
        }
        Ok(bytes)
    }
}

pub(super) fn read_error(error: &io::Error) -> ReadError {
    let changed = matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData);
    ReadError { changed, reason: error.to_string() }
}

/// Reads exactly so many bytes; a file that has become shorter is an error.
fn read(file: &File, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length as usize];
    let mut done = 0;
    while done < bytes.len() {
        match read_at(file, &mut bytes[done..], offset + done as u64) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => done += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, bytes, offset)
}
