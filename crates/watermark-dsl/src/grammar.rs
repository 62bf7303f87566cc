//! The words of the language: which entries there are, and which properties each of them takes.

/// Layers: what draws.
pub(crate) const LAYERS: [&str; 5] = ["text", "image", "tile", "qr", "fingerprint"];

/// Blocks of properties that draw nothing.
pub(crate) const BLOCKS: [&str; 2] = ["output", "video"];

/// The other words that begin an entry of a template.
pub(crate) const OTHERS: [&str; 3] = ["when", "let", "include"];

/// Words with a meaning of their own, which no constant may have as its name.
pub(crate) const RESERVED: [&str; 14] = [
    "true", "false", "and", "or", "not", "auto", "key", "tags", "image", "template", "else", "skip", "width", "height",
];

/// What every layer that can be seen takes, on top of its own.
pub(crate) const PLACEMENT: [&str; 6] = ["anchor", "margin", "offset", "angle", "blend", "opacity"];

/// Properties of the template itself, in the older form.
pub(crate) const OLDER_FORM: [&str; 3] = ["payload", "location", "persistence"];

/// Every entry that has properties, with all of them: for documents, completion and tests.
pub const PROPERTIES: &[(&str, &[&str])] = &[
    (
        "text",
        &[
            "font",
            "weight",
            "size",
            "color",
            "letter_spacing",
            "line_height",
            "align",
            "max_width",
            "outline",
            "shadow",
            "plate",
            "anchor",
            "margin",
            "offset",
            "angle",
            "blend",
            "opacity",
        ],
    ),
    ("image", &["scale", "height", "anchor", "margin", "offset", "angle", "blend", "opacity"]),
    ("tile", &["angle", "gap", "stagger", "offset", "blend", "opacity"]),
    (
        "qr",
        &[
            "payload",
            "scale",
            "color",
            "background",
            "quiet",
            "level",
            "anchor",
            "margin",
            "offset",
            "angle",
            "blend",
            "opacity",
        ],
    ),
    ("fingerprint", &["payload", "strength"]),
    ("output", &["format", "quality", "keep", "strip", "max_edge"]),
    ("video", &["frame_interval"]),
];

/// The properties of one entry, without those that a tile takes from it or adds to it.
pub(crate) fn properties(keyword: &str) -> &'static [&'static str] {
    PROPERTIES.iter().find(|(name, _)| *name == keyword).map_or(&[], |(_, properties)| properties)
}
