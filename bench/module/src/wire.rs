//! Reading and writing of JSON by the browser, as texts that a native test compares with what serde does.

use sealmark_protocol::{CreateBatchResponse, GuestToken, Problem, SignPartsResponse, Upload};
use sealmark_web_client::browser::{
    read::{Read, read},
    record::{Completions, Record, Records},
    write::write,
};
use wasm_bindgen::prelude::*;

use crate::samples::requests;

fn words<T: Read>(json: &str, words: impl Fn(T) -> String) -> Option<String> {
    read::<T>(json).map(words)
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
        "create_batch" => words(json, |batch: CreateBatchResponse| format!("{batch:?}")),
        "complete_batch" => words(json, |batch: Completions| {
            let news: Vec<_> = batch.results.into_iter().map(|result| result.map(|media| media.news)).collect();
            format!("{news:?}")
        }),
        "media" => words(json, |media: Record| format!("{:?} {}", media.news, media.upload_id)),
        "media_list" => words(json, |media: Records| {
            format!("{:?}", media.items.into_iter().map(|media| media.news).collect::<Vec<_>>())
        }),
        "problem" => words(json, |problem: Problem| format!("{problem:?}")),
        "guest" => words(json, |guest: GuestToken| format!("{guest:?} {}", guest.token)),
        _ => None,
    }
}

/// The JSON of every request, in the order of the samples.
#[wasm_bindgen]
pub fn written() -> Vec<String> {
    let all = requests();
    vec![
        write(&all.create),
        write(&all.create_plain),
        write(&all.sign),
        write(&all.complete),
        write(&all.proof),
        write(&all.create_batch),
        write(&all.complete_batch),
    ]
}
