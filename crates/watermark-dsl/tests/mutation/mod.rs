//! Sources that are nearly templates.

use proptest::prelude::*;
use sealmark_watermark_dsl::examples::EXAMPLES;

/// Right and nearly right templates: real ones with tokens taken out, doubled and moved, and with comments put in.
pub(crate) fn mutated() -> impl Strategy<Value = String> {
    let sources: Vec<&'static str> = EXAMPLES.iter().map(|(_, example)| *example).collect();
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0_u8..7), 0..6);
    (prop::sample::select(sources), edits).prop_map(|(source, edits)| {
        let mut words: Vec<String> = source.split_inclusive([' ', '\n', '{', '}', '=']).map(str::to_owned).collect();
        for (index, edit) in edits {
            let at = index.index(words.len());
            match edit {
                0 => drop(words.remove(at)),
                1 => words.insert(at, words[at].clone()),
                2 => words.insert(at, " // note\n".to_owned()),
                3 => words.insert(at, "\n\n\n".to_owned()),
                4 => words.insert(at, "-".to_owned()),
                5 => words.insert(at, " not ".to_owned()),
                _ => words.swap(at, 0),
            }
            if words.is_empty() {
                words.push(String::new());
            }
        }
        words.concat()
    })
}
