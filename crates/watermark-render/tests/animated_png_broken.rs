//! Animated PNGs that are not what they should be: refused like other animations that end too early, or a still where every
//! decoder ignores the animation. Source: PNG, third edition, 4.9 and 11.3.6.
#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that goes wrong")]

mod apng;
mod pictures;

use apng::{Apng, Chunk, chunk, file};
use pictures::{ada, marked, text};
use sealmark_watermark_render::{Format, Limits, Output, RenderError, Resources, render, verify};

type Chunks = Vec<Chunk>;

fn rendered(bytes: &[u8]) -> Result<Output, RenderError> {
    let output = marked(bytes, &text("©", "size = 14px"))?;
    verify(bytes, &output, &Limits::default()).unwrap();
    Ok(output)
}

fn changed(change: impl Fn(&mut Chunks)) -> Vec<u8> {
    let mut chunks = Apng::new(8, 2).chunks();
    change(&mut chunks);
    file(&chunks)
}

/// Header, `acTL`, `fcTL`, `IDAT`, and then `fcTL` and twice `fdAT` for each of two pictures.
const FIRST_CONTROL: usize = 2;
const SECOND_CONTROL: usize = 4;
const SECOND_DATA: usize = 5;
const THIRD_CONTROL: usize = 7;

fn put(chunk: &mut Chunk, at: usize, number: u32) {
    chunk.1[at..at + 4].copy_from_slice(&number.to_be_bytes());
}

#[test]
fn what_does_not_fit_is_broken() {
    assert!(rendered(&changed(|_| {})).is_ok());
    let cases: [(&str, Vec<u8>); 19] = [
        ("a number twice", changed(|chunks| put(&mut chunks[SECOND_CONTROL], 0, 0))),
        ("a number too many", changed(|chunks| put(&mut chunks[SECOND_DATA], 0, 3))),
        ("numbers that begin with 1", changed(|chunks| put(&mut chunks[FIRST_CONTROL], 0, 1))),
        ("two chunks the other way round", changed(|chunks| chunks.swap(5, 6))),
        ("two pictures the other way round", changed(|chunks| chunks[SECOND_CONTROL..10].rotate_left(3))),
        ("fewer than promised", changed(|chunks| put(&mut chunks[1], 0, 4))),
        ("many fewer than promised", changed(|chunks| put(&mut chunks[1], 0, 0x7fff_ffff))),
        ("more than promised", changed(|chunks| put(&mut chunks[1], 0, 2))),
        ("no control", changed(|chunks| drop(chunks.remove(SECOND_CONTROL)))),
        ("no data", changed(|chunks| drop(chunks.drain(SECOND_DATA..THIRD_CONTROL)))),
        ("half of the data", changed(|chunks| drop(chunks.remove(6)))),
        ("data without a number", changed(|chunks| chunks[SECOND_DATA].1.truncate(3))),
        ("a control that is too short", changed(|chunks| chunks[SECOND_CONTROL].1.truncate(25))),
        ("no columns", changed(|chunks| put(&mut chunks[SECOND_CONTROL], 4, 0))),
        ("outside on the right", changed(|chunks| put(&mut chunks[SECOND_CONTROL], 12, 71 - 22))),
        ("far outside", changed(|chunks| put(&mut chunks[SECOND_CONTROL], 12, u32::MAX))),
        ("a first picture that is smaller", changed(|chunks| put(&mut chunks[FIRST_CONTROL], 4, 70))),
        ("an unknown way of disposing", changed(|chunks| chunks[SECOND_CONTROL].1[24] = 3)),
        ("an unknown way of blending", changed(|chunks| chunks[SECOND_CONTROL].1[25] = 2)),
    ];
    for (name, bytes) in cases {
        let found = rendered(&bytes);
        assert!(matches!(found, Err(RenderError::BrokenImage { format: Format::Png, .. })), "{name}: {found:?}");
    }
}

#[test]
fn an_end_too_early_is_broken() {
    let whole = changed(|_| {});
    // Behind the last picture's data only the name of the end is needed, as of a still.
    for length in (8..whole.len() - 5).step_by(7) {
        let found = rendered(&whole[..length]);
        assert!(matches!(found, Err(RenderError::BrokenImage { format: Format::Png, .. })), "{length}: {found:?}");
    }
}

#[test]
fn an_animation_that_every_decoder_ignores_is_a_still() {
    let without_sum = {
        let mut chunks = Apng::new(8, 2).chunks();
        let control = chunks.remove(1);
        let mut bytes = file(&chunks);
        let mut control = chunk(&control.0, &control.1);
        *control.last_mut().unwrap() ^= 1;
        bytes.splice(33..33, control);
        bytes
    };
    for (name, bytes) in [
        ("no promise", changed(|chunks| drop(chunks.remove(1)))),
        ("a promise of nothing", changed(|chunks| put(&mut chunks[1], 0, 0))),
        ("a promise of too many", changed(|chunks| put(&mut chunks[1], 0, 1 << 31))),
        ("too many plays", changed(|chunks| put(&mut chunks[1], 4, u32::MAX))),
        ("a promise that is too short", changed(|chunks| chunks[1].1.truncate(7))),
        ("a promise behind the pixels", changed(|chunks| chunks[1..4].rotate_left(1))),
        ("a promise with a wrong sum", without_sum),
    ] {
        let output = rendered(&bytes).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let names: Vec<[u8; 4]> = apng::chunks(&output.bytes).into_iter().map(|(name, _)| name).collect();
        let is_still = names.iter().all(|name| matches!(name, b"IHDR" | b"IDAT" | b"IEND"));
        assert!(is_still, "{name}: {names:?}");
    }
}

#[test]
fn many_pictures_of_a_large_canvas_are_refused_before_any_is_decoded() {
    // A few kilobytes; put together, each picture would have 16 MB.
    let mut apng = Apng::new(8, 6);
    apng.size = (2_000, 2_000);
    let mut first = apng.part(1, [0, 0, 1, 1], 0, 0);
    (first.place, first.rows) = ([0, 0, 2_000, 2_000], vec![vec![0; 8_000]; 2_000]);
    apng.parts = vec![first];
    let dot = apng.part(2, [7, 7, 1, 1], 2, 1);
    apng.parts.extend(std::iter::repeat_n(dot, 100));
    apng.promised = 101;
    // Nothing of the pixels can be read: whoever tried would say that the file is broken.
    let mut chunks = apng.chunks();
    for (name, payload) in &mut chunks {
        let pixels_at = match &*name {
            b"IDAT" => 0,
            b"fdAT" => 4,
            _ => continue,
        };
        payload[pixels_at..].fill(0xff);
    }
    let found = rendered(&file(&chunks));
    assert!(matches!(found, Err(RenderError::ImageTooLarge { decoded_bytes: 1_616_000_000, .. })), "{found:?}");
    // And with room for them it is.
    let limits = Limits { max_decoded_bytes: u64::MAX, ..Limits::default() };
    let found = render(&file(&chunks), &text("©", "size = 14px"), &ada(), &Resources::embedded(), &limits);
    assert!(matches!(found, Err(RenderError::BrokenImage { .. })), "{found:?}");
}
