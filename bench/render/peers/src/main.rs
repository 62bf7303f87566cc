//! Peers in Rust, each driven as `protocol.rs` says, and the pictures that all are measured on.
//!
//! `bench-render-peers work SPEC`, `bench-render-peers pictures SAMPLES OUT`.

mod letters;
mod photo;
mod plain;
#[path = "../../src/protocol.rs"]
mod protocol;
#[path = "../../src/spec.rs"]
mod spec;
#[cfg(feature = "turbo")]
mod turbo;

use std::{env, fs, path::Path};

use anyhow::{Result, bail};

use crate::{
    protocol::{Whose, serve},
    spec::Spec,
};

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["pictures", samples, out] => photo::make(Path::new(samples), Path::new(out)),
        ["work", spec] => work(&serde_json::from_slice(&fs::read(spec)?)?),
        _ => bail!("work SPEC, or pictures SAMPLES OUT"),
    }
}

fn work(spec: &Spec) -> Result<()> {
    match spec.peer.as_str() {
        "image + imageproc" => serve(Whose::Own, plain::image_crate(spec)?),
        "zune-jpeg + jpeg-encoder" => serve(Whose::Own, plain::zune(spec)?),
        #[cfg(feature = "turbo")]
        "libjpeg-turbo, planes" => serve(Whose::Own, turbo::planes(spec)?),
        other => bail!("no peer of this name here: {other}"),
    }
}
