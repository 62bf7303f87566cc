//! What the page asks for, read from the object that `js/worker.js` passes in.

use js_sys::{Array, Reflect};
use sealmark_protocol::Integrity;
use wasm_bindgen::prelude::*;

use crate::engine::{Hint, Limits};

/// The options of all uploads of a page.
pub(super) struct Options {
    /// Base URLs of the API.
    pub(super) apis: Vec<String>,
    pub(super) limits: Limits,
    pub(super) hint: Hint,
}

impl Options {
    /// Reads the object; what is missing has its default.
    pub(super) fn read(object: &JsValue) -> Self {
        let get = |name: &str| Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED);
        let number = |name| get(name).as_f64();
        let apis = get("apis").dyn_into::<Array>().unwrap_or_default();
        let integrity = get("integrity").as_string().and_then(|name| Integrity::from_name(&name));
        Self {
            apis: apis.iter().filter_map(|api| api.as_string()).collect(),
            limits: Limits {
                concurrency: number("concurrency").map(|parts| parts as usize),
                part_size_bytes: number("partSizeBytes").map(|bytes| bytes as u64),
                integrity: integrity.unwrap_or_default(),
                instant: get("instant").is_truthy(),
                ..Limits::default()
            },
            hint: Hint {
                downlink_kbit: number("downlinkMbit").map(|mbit| (mbit * 1_000.0) as u32),
                rtt_ms: number("rttMs").map(|ms| ms as u32),
            },
        }
    }
}
