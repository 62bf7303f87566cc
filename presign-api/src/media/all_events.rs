//! `GET /v1/media/events`: the records of all the caller's pictures, each when it changes (server-sent events).

use std::{
    collections::{HashMap, VecDeque},
    convert::Infallible,
    sync::Arc,
    time::Duration,
};

use axum::{
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::Stream;
use sealmark_catalogue::OwnedMedia;
use sealmark_protocol::{MediaId, MediaRecord};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Instant, sleep_until},
};

use super::events::HEARTBEAT;
use crate::{
    app::{App, now_ms},
    auth::Caller,
    problem::ApiError,
};

/// The records are asked for what changed after this long, all at once: some changes are no news on the bus, and news may
/// be lost while Redis is away.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// A look goes back this much behind the last one, in milliseconds: clocks differ, and a transaction is seen later than
/// the time that it wrote.
const OVERLAP_MS: i64 = 10_000;
/// Most records of one look.
const LOOK_LIMIT: u32 = 500;
/// Records kept to tell a change from a repeat; past it all are forgotten, and a repeat may be sent.
const REMEMBERED: usize = 10_000;

/// Follow all pictures of the caller's: an event `media` with its record for each one that changes from now on.
#[utoipa::path(get, path = "/v1/media/events", tag = "media", security(("token" = [])),
    responses((status = 200, description = "server-sent events named `media`, data: MediaRecord", content_type = "text/event-stream", body = MediaRecord)))]
pub(crate) async fn follow(State(app): State<App>, caller: Caller) -> Result<Response, ApiError> {
    let news = app.hub.subscribe();
    // What is so already is no news.
    let since_ms = now_ms();
    let mut seen = HashMap::new();
    let before = since_ms - OVERLAP_MS;
    for (at_ms, media) in app.catalogue.media_changed_since(&caller.tenant, &caller.user, before, LOOK_LIMIT).await? {
        seen.insert(media.media_id, (at_ms, media));
    }
    let follower =
        Follower { app, caller, news, seen, ready: VecDeque::new(), since_ms, look_at: Instant::now() + LOOK_AGAIN };
    let stream = Sse::new(changes(follower)).keep_alive(KeepAlive::new().interval(HEARTBEAT));
    // Buffering proxies would hold the news back.
    Ok(([("x-accel-buffering", "no"), ("cache-control", "no-store")], stream).into_response())
}

struct Follower {
    app: App,
    caller: Caller,
    news: Receiver<Arc<OwnedMedia>>,
    /// The records as they were last sent, or were there at the beginning, and of when they are.
    seen: HashMap<MediaId, (i64, MediaRecord)>,
    ready: VecDeque<MediaRecord>,
    since_ms: i64,
    look_at: Instant,
}

fn changes(follower: Follower) -> impl Stream<Item = Result<Event, Infallible>> {
    futures::stream::unfold(follower, |mut follower| async move {
        loop {
            if let Some(media) = follower.ready.pop_front() {
                let data = serde_json::to_string(&media).unwrap_or_default();
                return Some((Ok(Event::default().event("media").data(data)), follower));
            }
            follower.wait().await?;
        }
    })
}

impl Follower {
    /// Returns when there may be something to send; `None` when the service stops.
    async fn wait(&mut self) -> Option<()> {
        tokio::select! {
            () = self.app.stop.cancelled() => return None,
            news = self.news.recv() => match news {
                Ok(news) => self.hear(&news),
                // Behind by more than the backlog: the records tell.
                Err(RecvError::Lagged(_)) => self.look_at = Instant::now(),
                Err(RecvError::Closed) => return None,
            },
            () = sleep_until(self.look_at) => {
                // The database being away for a moment is no reason to end the stream.
                let _ = self.look().await;
                self.look_at = Instant::now() + LOOK_AGAIN;
            }
        }
        Some(())
    }

    async fn look(&mut self) -> Result<(), ApiError> {
        let now_ms = now_ms();
        let mut since_ms = self.since_ms - OVERLAP_MS;
        loop {
            let (tenant, user) = (&self.caller.tenant, &self.caller.user);
            let changed = self.app.catalogue.media_changed_since(tenant, user, since_ms, LOOK_LIMIT).await?;
            let whole = changed.len() < LOOK_LIMIT as usize;
            let last_ms = changed.last().map_or(now_ms, |(at_ms, _)| *at_ms);
            for (at_ms, media) in changed {
                self.offer(at_ms, media);
            }
            // More than the limit in one and the same millisecond are left to the news.
            if whole || last_ms <= since_ms {
                break;
            }
            since_ms = last_ms;
        }
        self.since_ms = now_ms;
        Ok(())
    }

    /// News that waited while a look was faster are none: a picture must not seem to go backwards.
    fn hear(&mut self, news: &OwnedMedia) {
        let (id, at_ms) = (news.media.media_id, news.last_event_at_ms);
        let ours = news.tenant == self.caller.tenant && news.user_id == self.caller.user;
        if ours && self.seen.get(&id).is_none_or(|(seen_at_ms, _)| *seen_at_ms <= at_ms) {
            self.offer(at_ms, news.media.clone());
        }
    }

    fn offer(&mut self, at_ms: i64, media: MediaRecord) {
        if self.seen.get(&media.media_id).is_some_and(|(_, seen)| *seen == media) {
            return;
        }
        if self.seen.len() >= REMEMBERED {
            self.seen.clear();
        }
        self.seen.insert(media.media_id, (at_ms, media.clone()));
        self.ready.push_back(media);
    }
}
