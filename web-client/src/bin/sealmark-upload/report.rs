//! What a run prints at its end.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use sealmark_protocol::{MediaRecord, Rendition};
use sealmark_web_client::{
    engine::{Snapshot, Standing},
    native::NativeError,
};
use serde_json::json;

/// One photo of the run.
pub(crate) struct Row {
    pub(crate) file: String,
    pub(crate) state: Standing,
    pub(crate) media: Option<MediaRecord>,
    pub(crate) error: Option<String>,
    pub(crate) saved_to: Option<PathBuf>,
    /// Whether the tenant had the content already, so that nothing was sent.
    instant: bool,
    code: Option<&'static str>,
    size_bytes: u64,
    elapsed_ms: u64,
}

impl Row {
    pub(crate) fn of(path: &Path, snapshot: Option<&Snapshot>, media: Option<MediaRecord>) -> Self {
        let failure = snapshot.and_then(|snapshot| snapshot.error.as_ref());
        Self {
            file: path.display().to_string(),
            state: snapshot.map_or(Standing::Failed, |snapshot| snapshot.state),
            media,
            error: failure.map(ToString::to_string),
            saved_to: None,
            instant: snapshot.is_some_and(|snapshot| snapshot.instant),
            code: failure.map(|failure| failure.code.as_str()),
            size_bytes: snapshot.map_or(0, |snapshot| snapshot.size_bytes),
            elapsed_ms: snapshot.map_or(0, |snapshot| snapshot.elapsed_ms),
        }
    }

    pub(crate) fn unopened(path: &Path, error: &NativeError) -> Self {
        let mut row = Self::of(path, None, None);
        row.code = Some("file_unreadable");
        let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
        row.fail(format!("{error}{}", cause.unwrap_or_default()));
        row
    }

    pub(crate) fn fail(&mut self, error: String) {
        self.error = Some(error);
    }

    fn version(&self) -> Option<&Rendition> {
        self.media.as_ref()?.current.as_ref()
    }

    fn seconds(&self) -> f64 {
        self.elapsed_ms as f64 / 1_000.0
    }

    fn cells(&self) -> [String; 4] {
        let version = match (self.version(), self.code) {
            (Some(version), _) => version.key.clone(),
            (None, Some(code)) => format!("failed: {code}"),
            (None, None) => format!("{:?}", self.state).to_lowercase(),
        };
        [self.file.clone(), self.size_bytes.to_string(), format!("{:.2}", self.seconds()), version]
    }
}

/// A table with aligned columns: photo, bytes, seconds, version key. The key ends in the digest of the version's bytes.
pub(crate) fn write_table(out: &mut impl Write, rows: &[Row]) -> io::Result<()> {
    let head = ["photo", "bytes", "seconds", "version"].map(str::to_owned);
    let lines: Vec<[String; 4]> = std::iter::once(head).chain(rows.iter().map(Row::cells)).collect();
    let width = |column: usize| lines.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0);
    let (first, second, third) = (width(0), width(1), width(2));
    for [photo, bytes, seconds, version] in &lines {
        writeln!(out, "{photo:first$}  {bytes:>second$}  {seconds:>third$}  {version}")?;
    }
    Ok(())
}

/// One JSON object a line.
pub(crate) fn write_json(out: &mut impl Write, rows: &[Row]) -> io::Result<()> {
    for row in rows {
        let line = json!({
            "file": row.file,
            "state": row.state,
            "size_bytes": row.size_bytes,
            "seconds": row.seconds(),
            "instant": row.instant,
            "media_id": row.media.as_ref().map(|media| media.media_id),
            "version": row.version(),
            "saved_to": row.saved_to.as_ref().map(|path| path.display().to_string()),
            "error": row.error.as_ref().map(|message| json!({ "code": row.code, "message": message })),
        });
        writeln!(out, "{line}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_failures_say_why() {
        let missing = NativeError::NotAFile { path: "a".into() };
        let rows = [Row::unopened(Path::new("a-long-name.jpg"), &missing), Row::unopened(Path::new("b.jpg"), &missing)];
        let mut out = Vec::new();
        write_table(&mut out, &rows).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "photo            bytes  seconds  version\n\
             a-long-name.jpg      0     0.00  failed: file_unreadable\n\
             b.jpg                0     0.00  failed: file_unreadable\n"
        );
        let mut out = Vec::new();
        write_json(&mut out, &rows[..1]).unwrap();
        let line: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(line["error"]["code"], "file_unreadable");
    }
}
