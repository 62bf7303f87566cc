//! Following the picture until nothing more happens to it.

use sealmark_protocol::{ErrorCode, MediaId, MediaState};

use crate::news::MediaNews;

use super::{CallError, Code, Command, Engine, State, Ticket, UploadFailure};

/// Streams that may end without a record before single looks take their place: some proxies hold streams back.
const MOST_SILENT_STREAMS: u32 = 2;

/// How a picture is followed.
#[derive(Debug, Clone)]
pub(super) struct Watching {
    media_id: MediaId,
    silent_streams: u32,
    /// Whether this stream has brought a record.
    heard: bool,
}

impl Watching {
    pub(super) const fn new(media_id: MediaId) -> Self {
        Self { media_id, silent_streams: 0, heard: false }
    }

    const fn looks(&self) -> bool {
        self.silent_streams >= MOST_SILENT_STREAMS
    }

    /// A stream is over. One that brought nothing may have been held back.
    const fn stream_ended(&mut self) {
        if !self.looks() {
            self.silent_streams = if self.heard { 0 } else { self.silent_streams + 1 };
            self.heard = false;
        }
    }

    pub(super) const fn command(&self, ticket: Ticket) -> Command {
        let media_id = self.media_id;
        if self.looks() { Command::Look { ticket, media_id } } else { Command::Watch { ticket, media_id } }
    }
}

impl Engine {
    /// A record came over the stream.
    pub(super) fn media(&mut self, ticket: Ticket, news: MediaNews) {
        if !self.call.is(ticket) {
            return;
        }
        if let State::Watching(watching) = &mut self.state {
            watching.heard = true;
        }
        self.call.renewed = false;
        self.call.extend(self.now_ms + self.limits.silence_timeout_ms);
        self.show(news);
    }

    /// Takes news; the last ones end the upload.
    pub(super) fn show(&mut self, news: MediaNews) {
        let ending = match news.state {
            MediaState::Ready => Some(State::Ready),
            MediaState::Failed => Some(State::Failed(failure_of(news))),
            MediaState::Aborted => {
                let code = ErrorCode::UploadClosed;
                Some(State::Failed(UploadFailure::new(Code::Api(code), code.title())))
            }
            MediaState::Uploading | MediaState::Uploaded | MediaState::Processing => None,
        };
        if let Some(state) = ending {
            self.has_ended = true;
            self.stop_call();
            self.enter(state);
        }
    }

    pub(super) fn looked(&mut self, ticket: Ticket, outcome: Result<MediaNews, CallError>) {
        if self.call.take(ticket) {
            match outcome {
                Ok(news) => {
                    self.show(news);
                    self.look_later();
                }
                Err(error) => self.lost_sight(error),
            }
        }
    }

    pub(super) fn heartbeat(&mut self, ticket: Ticket) {
        if self.call.is(ticket) {
            self.call.renewed = false;
            self.call.extend(self.now_ms + self.limits.silence_timeout_ms);
        }
    }

    pub(super) fn watch_ended(&mut self, ticket: Ticket, outcome: Result<(), CallError>) {
        if self.call.take(ticket) {
            match outcome {
                Err(error) => self.lost_sight(error),
                // A server that ends streams in good order has not failed.
                Ok(()) => self.look_later(),
            }
        }
    }

    fn look_later(&mut self) {
        if let State::Watching(watching) = &mut self.state {
            watching.stream_ended();
            self.call_succeeded();
            self.call.delay_until(self.now_ms + self.limits.look_every_ms);
        }
    }

    pub(super) fn lost_sight(&mut self, error: CallError) {
        let State::Watching(watching) = &mut self.state else { return };
        watching.stream_ended();
        let again = self.renews_token(&error) || (error.is_transient() && self.call_again(&error));
        if !again {
            self.fail(error.into());
        }
    }
}

fn failure_of(news: MediaNews) -> UploadFailure {
    match news.failure {
        Some(failure) => UploadFailure::new(Code::Media(failure.code), failure.message),
        None => UploadFailure::new(Code::Media(sealmark_protocol::FailureCode::Unknown), "no version could be made"),
    }
}
