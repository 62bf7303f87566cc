//! What a row of the table says: file, surroundings, faults, what happens, what the user sees and what must hold.

use sealmark_tests::{faulty_http::Rule, proxy::Proxy};

pub(super) const MIB: u64 = 1 << 20;
/// The part size that the page asks for.
pub(super) const PART: u64 = 5 * MIB;
/// Where nobody answers, below the page's own origin: its policy names no other.
pub(super) const DEAD: &str = "/dead";
/// Parts that the page sends at once, at most.
pub(super) const AT_ONCE: u64 = 2;

/// The file to upload.
#[derive(Debug, Clone)]
pub(super) enum Subject {
    /// A photo, filled up to this size.
    Photo(u64),
    /// So many bytes that are no photo.
    Bytes(u64),
    /// A file of this size without any content on the disk.
    Sparse(u64),
    /// A directory.
    Directory,
}

/// What befalls, in this order.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// The file is chosen in the first page.
    Add,
    /// A second tab is opened, and the same file is chosen there.
    AddInSecondTab,
    /// The directory is dropped onto the page.
    Drop,
    /// Something happens to the link between browser and store.
    Store(fn(&Proxy)),
    /// Something happens to the link between browser and API.
    Api(fn(&Proxy)),
    /// Every rule ends.
    Heal,
    /// So many bytes have left the browser since the row began.
    Sent(u64),
    /// The page shows that so many bytes are acknowledged.
    Acknowledged(u64),
    /// The server knows of the upload.
    Known,
    /// Rules have struck so often.
    Struck(usize),
    /// So many minutes have passed by the client's clock.
    Minutes(u64),
    /// The page shows this state.
    State(&'static str),
    /// No request is on its way.
    Still,
    /// The user pauses, resumes, cancels or retries.
    Tell(&'static str),
    /// The page is loaded anew.
    Reload,
    /// The tab is gone without a word, and there is a new one.
    Crash,
    /// The browser is told that there is no network, or that there is one.
    Offline(bool),
    /// The origin may store so many bytes.
    Quota(u64),
    /// The file is written anew, with other bytes of the same size.
    Change,
    /// The file is deleted.
    Delete,
}

/// What the user sees in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sees {
    /// The picture.
    Ready,
    /// That it failed, with this code.
    Failed(&'static str),
    /// That it was given up, as was asked for.
    Cancelled,
}

/// What is left on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Server {
    /// One object, and nothing open.
    Completed,
    /// Nothing.
    Nothing,
    /// An upload that the user may retry, and that is gone when they give it up.
    UntilGivenUp,
}

/// How many bytes may be sent more than the file has; those of a part that the store had acknowledged never are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Twice {
    /// None.
    Nothing,
    /// What was in flight when it broke: as many parts as are sent at once.
    InFlight,
    /// So many parts, because so many were refused or broken off.
    Parts(u64),
}

/// A row.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) file: Subject,
    /// The name that the page gives the file.
    pub(super) called: Option<String>,
    /// More of the page's query.
    pub(super) surroundings: &'static str,
    /// How much faster the client's clock goes; see `fault-surroundings.js`.
    pub(super) speed: u64,
    /// The first token has expired.
    pub(super) stale_token: bool,
    /// The page has two addresses of the API, of which the first never answers.
    pub(super) dead_api: bool,
    pub(super) store: Vec<Rule>,
    pub(super) api: Vec<Rule>,
    pub(super) steps: Vec<Step>,
    pub(super) sees: Sees,
    pub(super) server: Server,
    pub(super) twice: Twice,
    /// States that must not be seen on the way.
    pub(super) never: &'static [&'static str],
}

impl Row {
    /// A file that is chosen and becomes a picture, each byte sent once.
    pub(super) fn new(name: &'static str, file: Subject) -> Self {
        Self {
            name,
            file,
            called: None,
            surroundings: "",
            speed: 1,
            stale_token: false,
            dead_api: false,
            store: Vec::new(),
            api: Vec::new(),
            steps: vec![Step::Add],
            sees: Sees::Ready,
            server: Server::Completed,
            twice: Twice::Nothing,
            never: &["failed"],
        }
    }

    pub(super) fn called(self, name: impl Into<String>) -> Self {
        Self { called: Some(name.into()), ..self }
    }

    pub(super) fn surroundings(self, query: &'static str) -> Self {
        Self { surroundings: query, ..self }
    }

    pub(super) fn speed(self, speed: u64) -> Self {
        Self { speed, ..self }
    }

    pub(super) fn stale_token(self) -> Self {
        Self { stale_token: true, ..self }
    }

    pub(super) fn dead_api(self) -> Self {
        Self { dead_api: true, ..self }
    }

    pub(super) fn store(mut self, rule: Rule) -> Self {
        self.store.push(rule);
        self
    }

    pub(super) fn api(mut self, rule: Rule) -> Self {
        self.api.push(rule);
        self
    }

    pub(super) fn steps(self, steps: impl Into<Vec<Step>>) -> Self {
        Self { steps: steps.into(), ..self }
    }

    pub(super) fn twice(self, twice: Twice) -> Self {
        Self { twice, ..self }
    }

    pub(super) fn fails(self, code: &'static str, server: Server) -> Self {
        Self { sees: Sees::Failed(code), server, never: &[], ..self }
    }

    pub(super) fn cancelled(self) -> Self {
        Self { sees: Sees::Cancelled, server: Server::Nothing, ..self }
    }
}
