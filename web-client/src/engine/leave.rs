//! How an upload is given up, and the server told.

use sealmark_protocol::ErrorCode;

use super::{CallError, Command, Engine, State, Ticket};

impl Engine {
    pub(super) fn cancel(&mut self) {
        let over = match &self.state {
            // The picture exists already; deleting pictures is another matter.
            State::Watching(_) | State::Ready | State::Cancelling { .. } | State::Cancelled | State::Leaving(_) => true,
            State::Failed(_) => self.whole.is_some(),
            _ => false,
        };
        if over {
            return;
        }
        let completing = matches!(self.state, State::Completing | State::Proving(_));
        let creating = matches!(self.state, State::Creating) && self.call.is_with_the_server();
        self.paused = false;
        self.stop_parts();
        if !creating {
            self.stop_call();
        }
        self.push(Command::Forget { media_id: None });
        if creating || self.known.is_some() || self.resume.is_some() {
            self.enter(State::Cancelling { completing });
        } else {
            self.enter(State::Cancelled);
        }
    }

    pub(super) fn aborted(&mut self, ticket: Ticket, outcome: Result<(), CallError>) {
        if !self.call.take(ticket) {
            return;
        }
        if self.has_left() {
            return;
        }
        match outcome {
            Ok(()) => self.enter(State::Cancelled),
            Err(error) => self.abort_failed(&error),
        }
    }

    /// Where the user knows already that the upload is over: what the server says does not matter any more, for its
    /// sweeper does the rest.
    pub(super) fn has_left(&mut self) -> bool {
        let State::Leaving(failure) = &self.state else { return false };
        let failure = failure.clone();
        self.enter(State::Failed(failure));
        true
    }

    pub(super) fn abort_failed(&mut self, error: &CallError) {
        let State::Cancelling { completing } = self.state else { return };
        let closed = matches!(error, CallError::Refused { code: ErrorCode::UploadClosed, .. });
        if completing && closed {
            // Too late: the server had completed it. Showing the picture is better than denying it.
            self.ended_at_ms = None;
            if let Some(known) = self.known {
                return self.is_whole(known.media_id);
            }
        }
        let creating = self.known.is_none() && self.resume.is_none();
        let again = !creating && (self.renews_token(error) || (error.is_transient() && self.call_again(error)));
        if !again {
            // The user's word stands in any case; what is left on the server is the sweeper's.
            self.enter(State::Cancelled);
        }
    }
}
