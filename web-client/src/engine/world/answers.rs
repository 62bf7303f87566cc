//! How each piece of work ends: what the server, the store and the file answer.

use std::collections::BTreeMap;

use sealmark_protocol::{
    ByteRange, Challenge, Checksum, Crc64Nvme, ErrorCode, Integrity, MediaState, PartToSign, Sha256Digest,
    SignPartsResponse, SignedPart, UploadId, UploadState,
};

use super::{Outcome, ServerUpload, World, etag, news, refused};
use crate::engine::{CallError, Code, Command, Event, Identity, PutError, ReadError, Ticket, UploadFailure};

impl World {
    /// Ends one piece of work.
    pub(in crate::engine) fn end(&mut self, ticket: Ticket, how: Outcome) {
        let Some(command) = self.out.remove(&ticket) else { return };
        let event = match command.clone() {
            Command::GetToken { .. } => {
                let outcome = if how == Outcome::Invalid { Err("no token".to_owned()) } else { Ok(()) };
                Event::Token { ticket, outcome }
            }
            Command::Identify { .. } => {
                let identity = Identity {
                    file_name: "photo.jpg".into(),
                    size_bytes: self.size,
                    content_type: None,
                    resume: self.resume.filter(|_| self.remembered.is_some()),
                    made: None,
                };
                let refused = UploadFailure::new(Code::of_preparing("broken_image"), "no picture");
                let outcome = if how == Outcome::Invalid { Err(refused) } else { Ok(identity) };
                Event::Identified { ticket, outcome }
            }
            Command::Prove { upload_id, .. } => {
                let outcome = self.call(how, |world| {
                    let held = world.held(upload_id)?;
                    if held.upload.state != UploadState::Open {
                        return Err(refused(ErrorCode::UploadClosed));
                    }
                    held.upload.state = UploadState::Completed;
                    Ok(news(held.upload.media_id, MediaState::Uploaded))
                });
                Event::Proved { ticket, outcome }
            }
            Command::Create { idempotency_key, request, .. } => {
                let outcome = self.call(how, |world| {
                    // The same key is the same upload, as long as the request is the same.
                    let number = idempotency_key.rsplit('-').next().and_then(|text| text.parse().ok());
                    let number: usize = number.unwrap_or_default();
                    let same = world.created.iter().position(|(key, _)| *key == idempotency_key);
                    let mut upload = match same {
                        Some(at) => {
                            assert_eq!(world.created[at].1, request, "one key, two requests");
                            world.held(world.created_ids[at])?.upload.clone()
                        }
                        None => {
                            let mut made = Self::upload_on_server(100 + number as u8, world.size, &[]);
                            made.upload.integrity = request.integrity;
                            world.uploads.push(made.clone());
                            world.created.push((idempotency_key.clone(), request.clone()));
                            world.created_ids.push(made.upload.upload_id);
                            made.upload
                        }
                    };
                    upload.signed = request.sign.iter().map(|part| world.sign(part)).collect();
                    let range = ByteRange { offset: 0, length: 1 };
                    let challenge = Challenge { nonce: "n".into(), ranges: vec![range] };
                    upload.challenge = request.content.filter(|_| world.has_content).map(|_| challenge);
                    Ok(upload)
                });
                if outcome.is_ok() {
                    self.told.clear();
                }
                Event::Created { ticket, outcome }
            }
            Command::Fetch { .. } => {
                let outcome = self.call(how, |world| world.listed.take().unwrap());
                if let Ok(upload) = &outcome {
                    self.told = upload.parts.iter().map(|part| part.number.get()).collect();
                    self.told.append(&mut self.told_since);
                }
                Event::Fetched { ticket, outcome }
            }
            Command::Sign { upload_id, parts, .. } => {
                let outcome = self.call(how, |world| {
                    if world.held(upload_id)?.upload.state != UploadState::Open {
                        return Err(refused(ErrorCode::UploadClosed));
                    }
                    Ok(SignPartsResponse { parts: parts.iter().map(|part| world.sign(part)).collect() })
                });
                Event::Signed { ticket, outcome }
            }
            Command::Complete { upload_id, .. } => {
                let outcome = self.call(how, |world| {
                    let held = world.held(upload_id)?;
                    if held.upload.state == UploadState::Aborted {
                        return Err(refused(ErrorCode::UploadClosed));
                    }
                    if held.stored.len() != held.upload.part_count as usize {
                        return Err(refused(ErrorCode::PartsMissing));
                    }
                    held.upload.state = UploadState::Completed;
                    Ok(news(held.upload.media_id, MediaState::Uploaded))
                });
                Event::Completed { ticket, outcome }
            }
            Command::Abort { upload_id, .. } => {
                let outcome = self.call(how, |world| {
                    let held = world.held(upload_id)?;
                    if held.upload.state == UploadState::Completed {
                        return Err(refused(ErrorCode::UploadClosed));
                    }
                    held.upload.state = UploadState::Aborted;
                    Ok(())
                });
                Event::Aborted { ticket, outcome }
            }
            Command::Hash { .. } => {
                let unreadable = Err(ReadError { changed: false, reason: "gone".into() });
                let checksum = match self.limits.integrity {
                    Integrity::Sha256 => Checksum::Sha256(Sha256Digest::of(b"part")),
                    Integrity::Crc64nvme => Checksum::Crc64nvme(Crc64Nvme::of(b"part")),
                    Integrity::None => panic!("nothing is to be hashed"),
                };
                let outcome = if how == Outcome::Refused { unreadable } else { Ok(checksum) };
                Event::Hashed { ticket, outcome }
            }
            Command::Put { request, .. } => {
                let number = request.number.get();
                if matches!(how, Outcome::Good | Outcome::AnswerLost)
                    && let Some(held) = self.uploads.last_mut()
                    && held.upload.state == UploadState::Open
                {
                    held.stored.insert(number, etag(number));
                }
                if how == Outcome::Good {
                    self.told.insert(number);
                    self.told_since.insert(number);
                }
                Event::Put { ticket, outcome: put_outcome(how, number) }
            }
            Command::Watch { media_id, .. } => {
                let outcome = self.call(how, |_| Ok(()));
                if outcome.is_ok() {
                    self.out.insert(ticket, command);
                    return self.step(Event::Media { ticket, news: news(media_id, MediaState::Ready) });
                }
                Event::WatchEnded { ticket, outcome }
            }
            Command::Look { media_id, .. } => {
                let outcome = self.call(how, |_| Ok(news(media_id, MediaState::Ready)));
                Event::Looked { ticket, outcome }
            }
            Command::Stop { .. } | Command::Wake { .. } | Command::Remember { .. } | Command::Forget { .. } => return,
        };
        self.step(event);
    }

    fn sign(&self, part: &PartToSign) -> SignedPart {
        assert!(part.checksum(self.limits.integrity).is_some());
        SignedPart {
            number: part.number,
            url: format!("http://store/{}", part.number),
            headers: BTreeMap::new(),
            fields: BTreeMap::new(),
            expires_at_ms: 0,
            expires_in_ms: self.expires_in_ms,
        }
    }

    pub(super) fn held(&mut self, upload_id: UploadId) -> Result<&mut ServerUpload, CallError> {
        let held = self.uploads.iter_mut().find(|held| held.upload.upload_id == upload_id);
        held.ok_or(refused(ErrorCode::UploadNotFound))
    }

    fn call<T>(&mut self, how: Outcome, work: impl FnOnce(&mut Self) -> Result<T, CallError>) -> Result<T, CallError> {
        match how {
            Outcome::Good => work(self),
            Outcome::AnswerLost => work(self).and(Err(CallError::Network)),
            Outcome::Network => Err(CallError::Network),
            Outcome::Unavailable => Err(CallError::Refused {
                status: 503,
                code: ErrorCode::StoreUnavailable,
                message: String::new(),
                retry_after_ms: Some(2_000),
            }),
            Outcome::Refused => Err(refused(ErrorCode::TokenExpired)),
            Outcome::Gone => Err(refused(ErrorCode::UploadNotFound)),
            Outcome::Invalid => Err(refused(ErrorCode::InvalidRequest)),
        }
    }
}

fn put_outcome(how: Outcome, number: u32) -> Result<Option<String>, PutError> {
    let refused = |status, code: &str, retry_after_ms| PutError::Refused { status, code: code.into(), retry_after_ms };
    match how {
        Outcome::Good => Ok(Some(etag(number))),
        Outcome::AnswerLost | Outcome::Network => Err(PutError::Network),
        Outcome::Unavailable => Err(refused(503, "SlowDown", Some(2_000))),
        Outcome::Refused => Err(refused(403, "AccessDenied", None)),
        Outcome::Gone => Err(refused(400, "XAmzContentChecksumMismatch", None)),
        Outcome::Invalid => Err(refused(400, "InvalidArgument", None)),
    }
}
