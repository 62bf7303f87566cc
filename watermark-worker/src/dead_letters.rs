//! Records what the bus gives up, before the bus lets go of it.

use sealmark_catalogue::{Catalogue, CatalogueError, DeadLetter as Recorded, FailOutcome, OutboxEvent};
use sealmark_event_bus::{DeadLetter, DeadLetterSink};
use sealmark_protocol::{DeadLetterId, Envelope, EventId, MediaFailed, MediaUploaded};
use uuid::Uuid;

/// Dead letters of the bus, kept in the catalogue; the picture of one, where it can be told, is failed with it.
#[derive(Debug, Clone)]
pub struct DeadLetters {
    catalogue: Catalogue,
}

impl DeadLetters {
    /// Dead letters kept in this catalogue.
    pub fn new(catalogue: Catalogue) -> Self {
        Self { catalogue }
    }
}

impl DeadLetterSink for DeadLetters {
    type Error = CatalogueError;

    async fn record(&self, letter: &DeadLetter) -> Result<(), CatalogueError> {
        let recorded = recorded(letter);
        let uploaded = letter.event.as_ref().and_then(|event| event.payload::<MediaUploaded>().ok());
        if let (Some(event), Some(uploaded)) = (&letter.event, uploaded) {
            // A job that failed by itself has ended its picture already; one that crashed or timed out until the bus
            // gave up has not, and its picture must not wait for ever. begin_job gives the token that ends it.
            let (media_id, now_ms) = (uploaded.media_id, letter.failed_at_ms);
            let entry_id = letter.entry_id.to_string();
            if let Some(job) = self.catalogue.begin_job(media_id, &entry_id, i64::MIN, now_ms).await?.taken() {
                let failure = &letter.failure;
                let payload =
                    MediaFailed { media_id: uploaded.media_id, code: failure.code, message: failure.message.clone() };
                let id = EventId::from_uuid(Uuid::now_v7());
                let mut envelope = Envelope::new(
                    id,
                    "sealmark/watermark-worker",
                    letter.failed_at_ms,
                    event.tenant.clone(),
                    uploaded.media_id,
                    &payload,
                );
                envelope.traceparent.clone_from(&event.traceparent);
                let news = OutboxEvent::of::<MediaFailed>(envelope);
                let outcome = self
                    .catalogue
                    .fail_media(uploaded.media_id, job.fencing_token, &recorded, &news, letter.failed_at_ms)
                    .await?;
                if outcome != FailOutcome::Stale {
                    return Ok(());
                }
            }
        }
        self.catalogue.record_dead_letter(&recorded).await?;
        Ok(())
    }
}

fn recorded(letter: &DeadLetter) -> Recorded {
    let event = letter.event.as_ref();
    Recorded {
        dead_letter_id: DeadLetterId::from_uuid(Uuid::now_v7()),
        event_id: event.map_or_else(
            || format!("{}/{}", letter.topic.stream_key(letter.lane), letter.entry_id),
            |event| event.id.to_string(),
        ),
        topic: letter.topic,
        tenant: event.map(|event| event.tenant.clone()),
        media_id: event.and_then(|event| event.subject.parse().ok()),
        code: letter.failure.code,
        message: letter.failure.message.clone(),
        body: String::from_utf8_lossy(&letter.payload).into_owned(),
        deliveries: letter.attempts,
        created_at_ms: letter.failed_at_ms,
    }
}
