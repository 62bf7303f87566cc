//! Progress bars, one for each file, on a terminal's standard error.

use std::{cell::RefCell, collections::HashMap};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use sealmark_web_client::engine::{Snapshot, Standing};

const TEMPLATE: &str = "{prefix:24!} {bar:28} {bytes:>11} / {total_bytes:<11} {msg}";

/// The bars of one run; on anything but a terminal they draw nothing.
pub(crate) struct Bars {
    all: MultiProgress,
    by_id: RefCell<HashMap<String, ProgressBar>>,
    style: ProgressStyle,
}

impl Bars {
    pub(crate) fn new() -> Self {
        let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
        Self { all: MultiProgress::new(), by_id: RefCell::default(), style: style.progress_chars("━╸ ") }
    }

    pub(crate) fn show(&self, snapshot: &Snapshot) {
        let mut bars = self.by_id.borrow_mut();
        let bar = bars.entry(snapshot.id.clone()).or_insert_with(|| {
            let bar = self.all.add(ProgressBar::new(snapshot.size_bytes));
            bar.set_style(self.style.clone());
            bar.set_prefix(snapshot.file_name.clone());
            bar
        });
        bar.set_position(snapshot.sent_bytes);
        bar.set_message(message(snapshot));
        if snapshot.state.is_final() && !bar.is_finished() {
            bar.abandon();
        }
    }

    /// Leaves the bars as they are.
    pub(crate) fn finish(&self) {
        for bar in self.by_id.borrow().values() {
            bar.abandon();
        }
    }
}

fn message(snapshot: &Snapshot) -> String {
    match (snapshot.state, snapshot.remaining_s) {
        (Standing::Preparing, _) => "preparing".to_owned(),
        (Standing::Uploading, Some(remaining_s)) => {
            format!("{}/s, {remaining_s} s left", indicatif::HumanBytes(snapshot.speed_bytes_per_s))
        }
        (Standing::Uploading, None) => "uploading".to_owned(),
        (Standing::Paused, _) => "paused".to_owned(),
        (Standing::Offline, _) => "offline".to_owned(),
        (Standing::Waiting, _) => "trying again in a moment".to_owned(),
        (Standing::Completing, _) => "finishing".to_owned(),
        (Standing::Processing, _) => "adding the mark".to_owned(),
        (Standing::Ready, _) => "ready".to_owned(),
        (Standing::Cancelled, _) => "cancelled".to_owned(),
        (Standing::Failed, _) => snapshot.error.as_ref().map_or_else(String::new, ToString::to_string),
    }
}
