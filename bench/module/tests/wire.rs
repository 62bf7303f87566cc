//! The browser's own reading and writing of JSON says the same as serde: in Chromium, for every type.

#![expect(clippy::unwrap_used, reason = "the samples are right or of no use")]

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use sealmark_bench_module::samples::requests;
use sealmark_protocol::{
    ByteRange, Challenge, CompleteBatchResponse, CompleteOutcome, CreateBatchResponse, CreateOutcome, ErrorCode,
    Failure, FailureCode, Integrity, MediaList, MediaRecord, MediaState, PartNumber, Problem, Rendition,
    SignPartsResponse, SignedPart, StoredPart, Upload, UploadState,
};
use sealmark_web_client::{engine::CallError, news::MediaNews};
use serde::Serialize;
use serde_json::{Value, json, to_string};

fn text(value: &impl Serialize) -> String {
    to_string(value).unwrap()
}

const ID: &str = "0192f3c8-7b5e-7d3a-9c1e-0000000000ab";

fn signed() -> SignedPart {
    SignedPart {
        number: PartNumber::new(10_000).unwrap(),
        url: "https://store.test/raw?x=\u{1f600}".into(),
        headers: [("x-amz-checksum-sha256".into(), "a=".into())].into(),
        fields: [("key".into(), "raw/\u{202e}".into()), ("policy".into(), "e30=".into())].into(),
        expires_at_ms: -1,
        expires_in_ms: 900_000,
    }
}

fn upload() -> Upload {
    Upload {
        upload_id: ID.parse().unwrap(),
        media_id: ID.parse().unwrap(),
        state: UploadState::Open,
        file_name: "a\"\\\n\u{0}\u{1f600}".into(),
        size_bytes: 5 << 40,
        part_size_bytes: 5 << 30,
        part_count: 1024,
        created_at_ms: 1_763_718_000_000,
        parts: vec![StoredPart { number: PartNumber::new(1).unwrap(), size_bytes: 5 << 30, etag: "\"e\"".into() }],
        integrity: Integrity::Crc64nvme,
        signed: vec![signed()],
        challenge: Some(Challenge { nonce: "n".into(), ranges: vec![ByteRange { offset: 5 << 39, length: 7 }] }),
    }
}

fn problem() -> Problem {
    let problem = Problem::new(ErrorCode::ProofRefused, Some("detail".into()), "request");
    Problem { retry_after_s: Some(2), ..problem }
}

/// What is to be read of a batch of which the first went well, the second was refused and the third is missing.
fn outcomes(good: String) -> String {
    let Problem { status, code, .. } = problem();
    let message = "detail".into();
    let refused = CallError::Refused { status, code, message, retry_after_ms: Some(2_000) };
    format!("{:?}", [Ok(Some(good)), Err(refused), Err(CallError::BadAnswer)])
}

fn media(state: MediaState, failure: Option<Failure>) -> MediaRecord {
    let current = Rendition {
        version: 1,
        digest: "ab".into(),
        key: "k".into(),
        content_type: "image/jpeg".into(),
        size_bytes: 1,
        width: 1,
        height: 1,
        template: "t".into(),
        job_ms: 1,
        created_at_ms: 1,
    };
    MediaRecord {
        media_id: ID.parse().unwrap(),
        upload_id: ID.parse().unwrap(),
        state,
        file_name: "f".into(),
        size_bytes: 1,
        created_at_ms: 1,
        uploaded_at_ms: None,
        current: Some(current),
        failure,
    }
}

/// Each kind of answer, its JSON, and what the module is to say of it; `None` where it is to refuse it.
fn answers() -> Vec<(&'static str, String, Option<String>)> {
    let mut all = Vec::new();
    let states = [UploadState::Open, UploadState::Completed, UploadState::Aborted];
    let uploads = states.map(|state| Upload { state, ..upload() });
    let bare = Upload { parts: vec![], integrity: Integrity::Sha256, signed: vec![], challenge: None, ..upload() };
    for upload in uploads.iter().chain([&bare]) {
        let secrets: Vec<_> = upload.signed.iter().map(|part| (&part.url, &part.headers, &part.fields)).collect();
        all.push(("upload", text(upload), Some(format!("{upload:?} {secrets:?}"))));
    }
    // What an older server leaves out has its default; what is missing, of another kind or out of range is refused.
    let mut older: Value = serde_json::to_value(&bare).unwrap();
    older.as_object_mut().unwrap().retain(|name, _| name != "parts" && name != "integrity");
    older["of_2031"] = json!({"new": [1]});
    all.push(("upload", older.to_string(), Some(format!("{bare:?} []"))));
    let wrong = [
        ("upload_id", json!("0192f3c87b5e7d3a9c1e000000000001")),
        ("state", json!("of_2031")),
        ("size_bytes", json!(1.5)),
        ("size_bytes", json!(-1)),
        ("size_bytes", json!("1")),
        ("part_count", json!(4_294_967_296_u64)),
        ("parts", json!({})),
        ("parts", json!([{"number": 0, "size_bytes": 1, "etag": ""}])),
        ("file_name", json!(null)),
        ("integrity", json!("md5")),
        ("challenge", json!({"nonce": "n"})),
    ];
    for (name, value) in wrong {
        let mut broken = serde_json::to_value(upload()).unwrap();
        broken[name] = value;
        assert!(serde_json::from_value::<Upload>(broken.clone()).is_err(), "serde reads {broken}");
        all.push(("upload", broken.to_string(), None));
    }
    for text in ["", "{", "null", "[]", "7", "<html>"] {
        all.push(("upload", text.into(), None));
    }
    let parts = SignPartsResponse { parts: vec![signed()] };
    let more: Vec<_> = parts.parts.iter().map(|part| (&part.url, part.expires_in_ms)).collect();
    all.push(("sign", text(&parts), Some(format!("{parts:?} {more:?}"))));
    all.push(("sign", "{}".into(), None));
    let batch = CreateBatchResponse {
        results: vec![CreateOutcome::Upload(Box::new(upload())), CreateOutcome::Problem(problem())],
    };
    all.push(("create_batch", text(&batch), Some(outcomes(format!("{:?}", upload())))));
    let failure = Failure { code: FailureCode::BrokenImage, message: "m".into() };
    let failed = media(MediaState::Failed, Some(failure));
    let batch = CompleteBatchResponse {
        results: vec![CompleteOutcome::Media(Box::new(failed.clone())), CompleteOutcome::Problem(problem())],
    };
    all.push(("complete_batch", text(&batch), Some(outcomes(format!("{:?}", MediaNews::from(&failed))))));
    let mut pictures = vec![failed];
    for state in [MediaState::Uploading, MediaState::Uploaded, MediaState::Processing, MediaState::Ready] {
        pictures.push(media(state, None));
    }
    pictures.push(media(MediaState::Aborted, None));
    for picture in &pictures {
        let news = MediaNews::from(picture);
        all.push(("media", text(picture), Some(format!("{news:?} {}", picture.upload_id))));
    }
    let news: Vec<_> = pictures.iter().map(MediaNews::from).collect();
    // One that cannot be read says nothing of the others.
    let list = text(&MediaList { items: [vec![media(MediaState::Ready, None)], pictures].concat() });
    let list = list.replacen("\"ready\"", "\"of_2031\"", 1);
    all.push(("media_list", list, Some(format!("{news:?}"))));
    all.push(("media_list", "{}".into(), None));
    let newer = r#"{"type":"t","title":"t","status":499,"code":"of_2031"}"#;
    for json in [text(&problem()), newer.into()] {
        let read: Problem = serde_json::from_str(&json).unwrap();
        all.push(("problem", json, Some(format!("{read:?}"))));
    }
    all
}

#[test]
fn chromium_reads_and_writes_what_serde_does() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let module = std::env::var_os("SEALMARK_BENCH_MODULE").map_or(root.join("target/bench-module"), PathBuf::from);
    assert!(module.join("simd").is_dir(), "{} is built by cargo xtask test", module.display());
    let answers = answers();
    let asked: Vec<_> = answers.iter().map(|(kind, json, _)| (kind, json)).collect();
    let mut node = Command::new("node")
        .arg(root.join("tests/browser/wire.mjs"))
        .arg(module.join("simd"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    node.stdin.take().unwrap().write_all(to_string(&asked).unwrap().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", output.status);
    let done: Value = serde_json::from_slice(&output.stdout).unwrap();
    for ((kind, json, expected), read) in answers.iter().zip(done["read"].as_array().unwrap()) {
        assert_eq!(read.as_str(), expected.as_deref(), "{kind}: {json}");
    }
    let written: Vec<&str> = done["written"].as_array().unwrap().iter().map(|json| json.as_str().unwrap()).collect();
    let all = requests();
    assert_eq!(serde_json::from_str(written[0]).ok(), Some(all.create));
    assert_eq!(serde_json::from_str(written[1]).ok(), Some(all.create_plain));
    assert_eq!(serde_json::from_str(written[2]).ok(), Some(all.sign));
    assert_eq!(serde_json::from_str(written[3]).ok(), Some(all.complete));
    assert_eq!(serde_json::from_str(written[4]).ok(), Some(all.proof));
    assert_eq!(serde_json::from_str(written[5]).ok(), Some(all.create_batch));
    assert_eq!(serde_json::from_str(written[6]).ok(), Some(all.complete_batch));
    assert_eq!(written.len(), 7);
}
