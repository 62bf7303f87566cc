//! The table.

use std::time::Duration;

use sealmark_tests::faulty_http::{Fault, Rule, When};

use super::row::{
    MIB, PART, Row,
    Server::{Completed, Nothing, UntilGivenUp},
    Step::{
        Acknowledged, Add, AddInSecondTab, Api, Change, Crash, Delete, Drop, Heal, Known, Minutes, Offline, Quota,
        Reload, Sent, State, Still, Store, Struck, Tell,
    },
    Subject::{Bytes, Directory, Photo, Sparse},
    Twice::{InFlight, Parts},
};

/// Three parts.
const THREE: u64 = 3 * PART;
/// A photo that fits into one request.
const SMALL: u64 = 200_000;
const CREATE: When = When::Call("POST", "/v1/uploads");
const SIGN: When = When::Call("POST", "/parts");
const COMPLETE: When = When::Call("POST", "/complete");
/// How much faster the client's clock goes where it has to wait for minutes.
const FAST: u64 = 50;

pub(super) fn rows() -> Vec<Row> {
    [files(), store(), api(), network(), visits()].concat()
}

/// Files as they come, and what becomes of them on the disk.
fn files() -> Vec<Row> {
    let name = |name, called: String| Row::new(name, Photo(SMALL)).called(called);
    vec![
        Row::new("a file of no bytes", Bytes(0)).fails("empty_file", Nothing),
        Row::new("a file of one byte", Bytes(1)).fails("unsupported_format", Completed),
        Row::new("exactly one part", Photo(PART)),
        Row::new("a last part of one byte", Photo(PART + 1)),
        // Cut into the parts that the page asks for it would have more than S3 takes. Nothing of it is sent.
        Row::new("more than 10,000 parts", Sparse(10_001 * PART))
            .steps([Store(|link| link.swallow()), Add, Known, Tell("cancel")])
            .cancelled(),
        name("a name of emoji", "\u{1f3dd}\u{fe0f} 海 \u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}.jpg".into()),
        name("a name with slashes", "../a/b\\c/photo.jpg".into()),
        name("a name from right to left", "\u{202e}صورة\u{202c} שלום.jpg".into()),
        name("a name of 1,000 characters", format!("{}.jpg", "n".repeat(996))),
        Row::new("a directory dropped as a file", Directory).steps([Drop]).fails("is_directory", Nothing),
        Row::new("a file deleted on the way", Photo(2 * THREE))
            .steps([Store(|link| link.allow(7 * MIB)), Add, Sent(7 * MIB), Delete, Store(|link| link.open())])
            .fails("file_unreadable", UntilGivenUp),
        Row::new("a file changed on the way", Photo(2 * THREE))
            .steps([Store(|link| link.allow(7 * MIB)), Add, Sent(7 * MIB), Change, Store(|link| link.open())])
            .fails("file_changed", Nothing),
    ]
}

/// What the store, or something before it, answers.
fn store() -> Vec<Row> {
    let slow_down = || Fault::s3(503, "SlowDown", "Please reduce your request rate.");
    let expired = || Fault::s3(403, "AccessDenied", "Request has expired");
    let refused = |name, status, code| {
        Row::new(name, Photo(THREE))
            .store(Rule::always(When::Bytes, Fault::s3(status, code, "no")))
            .fails("store_refused", UntilGivenUp)
    };
    let passing = |name, parts, rule| Row::new(name, Photo(THREE)).store(rule).twice(Parts(parts));
    vec![
        passing("store: 403 once, the URL has expired", 1, Rule::times(When::Bytes, 1, expired()).after(1)),
        refused("store: 403 for ever", 403, "AccessDenied"),
        refused("store: 412 for ever", 412, "PreconditionFailed"),
        passing(
            "store: 404 once",
            2,
            Rule::times(When::Bytes, 1, Fault::s3(404, "NoSuchUpload", "The specified upload does not exist.")),
        ),
        passing("store: 500 twice", 2, Rule::times(When::Bytes, 2, Fault::s3(500, "InternalError", "Try again."))),
        passing("store: 503 three times", 3, Rule::times(When::Bytes, 3, slow_down())),
        passing("store: 503 with Retry-After", 2, Rule::times(When::Bytes, 2, slow_down().retry_after(2))),
        Row::new("store: 503 for a small file", Photo(SMALL))
            .store(Rule::times(When::Bytes, 2, slow_down()))
            .twice(Parts(2)),
        Row::new("store: 503 for ten minutes", Photo(THREE))
            .speed(FAST)
            .store(Rule::always(When::Bytes, slow_down()).after(1))
            .steps([Add, Struck(1), Minutes(10), Heal])
            // Each attempt is a part; there are few, for the waits grow.
            .twice(Parts(80)),
        passing("store: no answer to a part", 1, Rule::times(When::Bytes, 1, Fault::Silence).after(1)).speed(20),
        passing(
            "store: reset in the middle of a part",
            2,
            Rule::times(When::Bytes, 2, Fault::ResetAfter(MIB)).after(1),
        ),
        passing("store: the answer to a part is lost", 1, Rule::times(When::Bytes, 1, Fault::LoseAnswer)),
        passing("store: a byte flips on the way", 1, Rule::times(When::Bytes, 1, Fault::FlipByte)),
        passing("store: preflight refused once", 0, Rule::times(When::Preflight, 1, Fault::gateway(503))),
        Row::new("the clock is off by a day, store's or API's", Photo(THREE))
            .store(Rule::always(
                When::Bytes,
                Fault::s3(
                    403,
                    "RequestTimeTooSkewed",
                    "The difference between the request time and the server's time is too large.",
                ),
            ))
            .fails("clock_skew", UntilGivenUp),
        Row::new("the browser's clock is a day ahead", Photo(THREE)).surroundings("skew_ms=86400000"),
        Row::new("the browser's clock is a day behind", Photo(THREE)).surroundings("skew_ms=-86400000"),
    ]
}

/// What the API, or something before it, answers.
fn api() -> Vec<Row> {
    let once = |name, when, fault| Row::new(name, Photo(THREE)).api(Rule::times(when, 1, fault));
    vec![
        once("API: 503 to the creation", CREATE, Fault::gateway(503)),
        once("API: 429 with Retry-After to the signing", SIGN, Fault::gateway(429).retry_after(1)),
        once("API: 500 to the completion", COMPLETE, Fault::gateway(500)),
        once("API: the answer to the creation is lost", CREATE, Fault::LoseAnswer),
        once("API: the answer to the completion is lost", COMPLETE, Fault::LoseAnswer),
        once("API: no answer to the creation", CREATE, Fault::Silence).speed(20),
        Row::new("API: down for a minute from the beginning", Photo(THREE)).speed(20).steps([
            Api(|link| link.cut()),
            Add,
            Minutes(1),
            Api(|link| link.open()),
        ]),
        Row::new("API: down for ten minutes before the completion", Photo(THREE)).speed(FAST).steps([
            Store(|link| link.allow(7 * MIB)),
            Add,
            Sent(7 * MIB),
            Api(|link| link.cut()),
            Store(|link| link.open()),
            Minutes(10),
            Api(|link| link.open()),
        ]),
        Row::new("API: 503 for ten minutes", Photo(THREE))
            .speed(FAST)
            .api(Rule::always(When::AnyCall, Fault::gateway(503)))
            .steps([Add, Struck(1), Minutes(10), Heal]),
        Row::new("the token has expired", Photo(THREE)).stale_token(),
        Row::new("API: the first of two addresses never answers", Photo(THREE))
            .speed(20)
            .dead_api()
            .api(Rule::always(When::Call("POST", "/dead/v1/uploads"), Fault::Silence)),
    ]
}

/// The network itself.
fn network() -> Vec<Row> {
    let slow: fn(&sealmark_tests::proxy::Proxy) = |link| link.slow_down(Duration::from_millis(20), 4 * MIB);
    vec![
        Row::new("offline and online again", Photo(2 * THREE))
            .steps([
                Store(slow),
                Add,
                Sent(7 * MIB),
                Offline(true),
                Store(|link| link.reset()),
                Api(|link| link.reset()),
                State("offline"),
                Store(|link| link.open()),
                Offline(false),
            ])
            .twice(InFlight),
        Row::new("offline for ten minutes", Photo(2 * THREE))
            // Not faster: on a slow link a second may pass in which no byte is seen to move.
            .speed(15)
            .steps([
                Store(slow),
                Add,
                Sent(7 * MIB),
                Offline(true),
                Store(|link| link.reset()),
                State("offline"),
                Minutes(10),
                Store(|link| link.open()),
                Offline(false),
            ])
            .twice(InFlight),
        Row::new("every connection breaks, as on a change of networks", Photo(2 * THREE))
            .steps([
                Store(slow),
                Add,
                Sent(7 * MIB),
                Store(|link| link.reset()),
                Api(|link| link.reset()),
                Store(|link| link.open()),
            ])
            .twice(InFlight),
        Row::new("store: down for a minute", Photo(2 * THREE))
            .speed(20)
            .steps([Store(slow), Add, Sent(7 * MIB), Store(|link| link.cut()), Minutes(1), Store(|link| link.open())])
            .twice(InFlight),
        Row::new("store: every packet is lost for two minutes", Photo(2 * THREE))
            .speed(20)
            .steps([
                Store(slow),
                Add,
                Sent(7 * MIB),
                Store(|link| link.swallow()),
                Minutes(2),
                Store(|link| link.reset()),
                Store(|link| link.open()),
            ])
            .twice(Parts(6)),
        Row::new("store: answers end in the middle", Photo(THREE))
            .steps([Store(|link| link.half_close_after(300)), Add, Sent(6 * MIB), Store(|link| link.open())])
            .twice(Parts(4)),
        Row::new("a reset after every 12 MiB", Photo(2 * THREE))
            .steps([Store(|link| link.reset_every(12 * MIB)), Add])
            .twice(Parts(6)),
        Row::new("a slow and late link", Photo(THREE))
            .steps([Store(|link| link.slow_down(Duration::from_millis(80), 3 * MIB)), Add]),
    ]
}

/// Pauses, reloads, tabs and the browser's own storage.
fn visits() -> Vec<Row> {
    let stalled = |name, then: &[super::row::Step]| {
        let begin = [Store(|link| link.allow(17 * MIB)), Add, Sent(17 * MIB), Acknowledged(PART)];
        Row::new(name, Photo(2 * THREE)).steps([&begin[..], then].concat()).twice(InFlight)
    };
    // What the proxy still holds of the page that is gone must not reach the store after all.
    let broken = Store(|link| link.reset());
    vec![
        Row::new("a pause drains", Photo(2 * THREE)).steps([
            Store(|link| link.slow_down(Duration::ZERO, 8 * MIB)),
            Add,
            Sent(7 * MIB),
            Tell("pause"),
            State("paused"),
            Still,
            Store(|link| link.open()),
            Tell("resume"),
        ]),
        stalled("a reload", &[Reload, broken, Store(|link| link.open()), Add]),
        stalled("a tab that crashed", &[Crash, broken, Store(|link| link.open()), Add]),
        Row::new("given up on the way", Photo(2 * THREE))
            .steps([Store(|link| link.allow(7 * MIB)), Add, Sent(7 * MIB), Tell("cancel"), Store(|link| link.open())])
            .cancelled(),
        Row::new("two tabs with the same file", Photo(2 * THREE)).steps([
            Store(|link| link.slow_down(Duration::ZERO, 16 * MIB)),
            Add,
            Known,
            AddInSecondTab,
        ]),
        Row::new("the browser's storage is full", Photo(THREE)).steps([Quota(1), Add]),
        Row::new("no IndexedDB, as in private windows", Photo(THREE)).surroundings("database=none"),
    ]
}
