//! The command `sealmark-upload`.

use std::process::Output;

use tokio::process::Command;

use crate::fake::{Fake, Faults, VERSION};

async fn upload(fake: &Fake, folder: &std::path::Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealmark-upload"));
    command.env_remove("SEALMARK_API").env_remove("SEALMARK_TOKEN").current_dir(folder);
    command.args(["--api", &fake.base]).args(arguments).output().await.unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn it_uploads_downloads_and_prints_a_table() {
    let fake = Fake::start(Faults::default()).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("photo.jpg"), b"a picture").unwrap();
    let output = upload(&fake, folder.path(), &["--guest", "--out", "marked", "photo.jpg"]).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(std::fs::read(folder.path().join("marked/photo.v1.jpg")).unwrap(), VERSION.as_bytes());
    let table = text(&output.stdout);
    assert!(table.lines().nth(1).unwrap().starts_with("photo.jpg      9"), "{table}");
    assert!(table.contains("v1-"), "{table}");
    assert_eq!(fake.object(), b"a picture");
}

#[tokio::test]
async fn failures_are_told_and_do_not_hold_up_the_rest() {
    let fake = Fake::start(Faults::default()).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("photo.jpg"), b"a picture").unwrap();
    let output = upload(&fake, folder.path(), &["--token", "fixed", "--json", "none.jpg", "photo.jpg"]).await;
    assert_eq!(output.status.code(), Some(1));
    let lines: Vec<serde_json::Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["error"]["code"], &lines[1]["state"]), (&"file_unreadable".into(), &"ready".into()));
    let errors = text(&output.stderr);
    assert!(errors.contains("none.jpg cannot be opened") && errors.contains("1 of 2 failed"), "{errors}");
}

#[tokio::test]
async fn it_wants_one_kind_of_access_and_helps() {
    let fake = Fake::start(Faults::default()).await;
    let folder = tempfile::tempdir().unwrap();
    let output = upload(&fake, folder.path(), &["photo.jpg"]).await;
    assert_eq!(output.status.code(), Some(2));
    let output = upload(&fake, folder.path(), &["--help"]).await;
    assert!(text(&output.stdout).contains("Upload as a guest"));
}
