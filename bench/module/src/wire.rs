//! Reading and writing of JSON by the browser, as texts that a native test compares with what serde does.

use sealmark_protocol::{CompleteBatchItem, CompleteRequest, CreateBatchItem, Problem, SignPartsResponse, Upload};
use sealmark_web_client::{
    answer::Answer,
    browser::{
        batch::{Batch, Item, Kind},
        read::{Read, read},
        record::{Record, Records},
        write::{object, write},
    },
};
use wasm_bindgen::prelude::*;

use crate::samples::requests;

fn words<T: Read>(json: &str, words: impl Fn(T) -> String) -> Option<String> {
    read::<T>(json).map(words)
}

/// The first three outcomes of a batch.
fn outcomes<T: Read>(kind: Kind, json: &str, words: impl Fn(T) -> String) -> Option<String> {
    let answer = Answer { status: 200, retry_after: None, body: json.to_owned() }.parsed().ok()?;
    let outcome = |index| kind.outcome(&answer, index).map(|json| T::read(&json).map(&words));
    Some(format!("{:?}", [0, 1, 2].map(outcome)))
}

/// What an answer of this type reads as, in Rust's words; undefined where it cannot be read.
#[wasm_bindgen]
pub fn answer(kind: &str, json: &str) -> Option<String> {
    match kind {
        "upload" => words(json, |upload: Upload| {
            let secrets: Vec<_> = upload.signed.iter().map(|part| (&part.url, &part.headers, &part.fields)).collect();
            format!("{upload:?} {secrets:?}")
        }),
        "sign" => words(json, |signed: SignPartsResponse| {
            let more: Vec<_> = signed.parts.iter().map(|part| (&part.url, part.expires_in_ms)).collect();
            format!("{signed:?} {more:?}")
        }),
        "create_batch" => outcomes(Kind::Creation, json, |upload: Upload| format!("{upload:?}")),
        "complete_batch" => outcomes(Kind::Completion, json, |media: Record| format!("{:?}", media.news)),
        "media" => words(json, |media: Record| format!("{:?} {}", media.news, media.upload_id)),
        "media_list" => words(json, |media: Records| {
            format!("{:?}", media.items.into_iter().map(|media| media.news).collect::<Vec<_>>())
        }),
        "problem" => words(json, |problem: Problem| format!("{problem:?}")),
        _ => None,
    }
}

fn creation(item: &CreateBatchItem) -> Item {
    Item { key: item.idempotency_key.clone(), body: object(&item.request) }
}

fn completion(item: &CompleteBatchItem) -> Item {
    Item { key: item.upload_id.to_string(), body: object(&CompleteRequest { parts: item.parts.clone() }) }
}

/// The JSON of every request, in the order of the samples.
#[wasm_bindgen]
pub fn written() -> Vec<String> {
    let all = requests();
    let creations: Vec<Item> = all.create_batch.uploads.iter().map(creation).collect();
    let completions: Vec<Item> = all.complete_batch.uploads.iter().map(completion).collect();
    vec![
        write(&all.create),
        write(&all.create_plain),
        write(&all.sign),
        write(&all.complete),
        write(&all.proof),
        write(&Batch { kind: Kind::Creation, items: creations.iter().collect() }),
        write(&Batch { kind: Kind::Completion, items: completions.iter().collect() }),
    ]
}
