//! Notices what was sent by a form: Uppy sends it to the store and tells nobody.

use std::time::Duration;

use futures::{StreamExt, stream};
use sealmark_catalogue::DueLook;
use sealmark_event_bus::CancellationToken;
use sealmark_protocol::ErrorCode;

use crate::{
    app::{App, now_ms},
    problem::ApiError,
    uploads::complete::note,
};

/// The catalogue is asked this often which forms are due.
const ROUND: Duration = Duration::from_millis(250);
/// Pause after a failure.
const PAUSE: Duration = Duration::from_secs(2);
/// Most forms in one round.
const BATCH: u32 = 200;
/// Looks at once.
const AT_ONCE: usize = 8;
/// First look after a form was given out, and the shortest time between two looks, in milliseconds.
pub(super) const FIRST_LOOK_MS: i64 = 500;
/// Longest time between two looks, in milliseconds: 15 minutes.
const LAST_LOOK_MS: i64 = 15 * 60 * 1_000;

/// Asks the store for the object of each form that was given out, ever more rarely with its age; one that is there becomes
/// a completed upload. What never comes is left to the sweeper.
///
/// Which forms are due stands in the catalogue, so a crash forgets none, and of several services one looks.
#[derive(Debug, Clone)]
pub struct Arrivals {
    app: App,
}

impl Arrivals {
    /// Those of a service.
    pub fn new(app: App) -> Self {
        Self { app }
    }

    /// Looks until stopped.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let pause = match self.round().await {
                Ok(()) => ROUND,
                Err(error) => {
                    tracing::warn!(?error, "forms cannot be looked for; the next round goes on");
                    PAUSE
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn round(&self) -> Result<(), ApiError> {
        let due = self.app.catalogue.due_looks(now_ms(), BATCH).await?;
        let mut looks = stream::iter(due).map(|due| self.look(due)).buffer_unordered(AT_ONCE);
        while let Some(outcome) = looks.next().await {
            outcome?;
        }
        Ok(())
    }

    async fn look(&self, due: DueLook) -> Result<(), ApiError> {
        let now_ms = now_ms();
        let next_ms = now_ms + pause_ms(now_ms - due.upload.created_at_ms);
        if !self.app.catalogue.take_look(&due, next_ms).await? {
            return Ok(());
        }
        let id = due.upload.upload_id;
        match note(&self.app, due.upload, None).await {
            Ok(_) => {}
            // Not there yet.
            Err(error) if error.code() == ErrorCode::PartsMissing => {}
            Err(error) if error.code().is_transient() => return Err(error),
            Err(error) => tracing::warn!(upload.id = %id, ?error, "a form that has arrived cannot be noted"),
        }
        Ok(())
    }
}

/// Time until the next look at a form of this age.
fn pause_ms(age_ms: i64) -> i64 {
    (age_ms / 4).clamp(FIRST_LOOK_MS, LAST_LOOK_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_abandoned_form_costs_few_looks() {
        let (mut age_ms, mut looks) = (FIRST_LOOK_MS, 0);
        while age_ms < 24 * 3_600 * 1_000 {
            (age_ms, looks) = (age_ms + pause_ms(age_ms), looks + 1);
        }
        assert!((100..200).contains(&looks), "{looks}");
    }
}
