//! `GET /v1/media/{id}/events`: the record, again each time that it changes (server-sent events).

use std::{convert::Infallible, sync::Arc, time::Duration};

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
    time::timeout,
};

use super::record;
use crate::{app::App, auth::Caller, problem::ApiError, request::Path};

/// The record is read again after this long without news, for news may be lost while Redis is away.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// A comment is sent this often, so that a proxy does not end a quiet connection.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(15);

/// Follow one picture of the caller's: an event `media` with its record now and at each change.
#[utoipa::path(get, path = "/v1/media/{id}/events", tag = "media", security(("token" = [])),
    params(("id" = String, Path, description = "media id")),
    responses((status = 200, description = "server-sent events named `media`, data: MediaRecord", content_type = "text/event-stream", body = MediaRecord)))]
pub(crate) async fn follow(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<MediaId>,
) -> Result<Response, ApiError> {
    // Asked before the stream begins, so that an unknown picture is a plain 404.
    record::read(&app, &caller, id).await?;
    let stream = Sse::new(changes(app, caller, id)).keep_alive(KeepAlive::new().interval(HEARTBEAT));
    // Buffering proxies would hold the news back.
    Ok(([("x-accel-buffering", "no"), ("cache-control", "no-store")], stream).into_response())
}

fn changes(app: App, caller: Caller, id: MediaId) -> impl Stream<Item = Result<Event, Infallible>> {
    let news = app.hub.subscribe();
    futures::stream::unfold((app, caller, news, None::<MediaRecord>), move |(app, caller, mut news, last)| async move {
        let mut first = last.is_none();
        loop {
            if !first {
                wait_for_news(&mut news, id, &app).await?;
            }
            first = false;
            // The database being away for a moment is no reason to end the stream.
            let Ok(now) = record::read(&app, &caller, id).await else {
                if app.stop.is_cancelled() {
                    return None;
                }
                continue;
            };
            if last.as_ref() != Some(&now) {
                let data = serde_json::to_string(&now).unwrap_or_default();
                return Some((Ok(Event::default().event("media").data(data)), (app, caller, news, Some(now))));
            }
        }
    })
}

/// Returns when there may be something new; `None` when the service stops.
async fn wait_for_news(news: &mut Receiver<Arc<OwnedMedia>>, id: MediaId, app: &App) -> Option<()> {
    let heard = async {
        loop {
            match news.recv().await {
                Ok(news) if news.media.media_id == id => return,
                Ok(_) => {}
                // Behind by more than the backlog, or nobody sends: the record tells.
                Err(RecvError::Lagged(_)) => return,
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    };
    tokio::select! {
        () = app.stop.cancelled() => None,
        _ = timeout(LOOK_AGAIN, heard) => Some(()),
    }
}
