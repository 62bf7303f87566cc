//! What bounds the time and memory that a template can cost. Going over one is a diagnostic, never a panic.

/// Longest source, in bytes: 64 KiB. It bounds a template with its includes and constants written out as well.
pub const MAX_SOURCE_BYTES: usize = 64 * 1024;

/// Most layers in a template, those of its includes and of both ways of a `when` counted.
pub const MAX_LAYERS: usize = 32;

/// Most conditions in a template, those of its includes counted. With the limits of one calculation this bounds how much
/// longer than its source a template can become when constants are written out.
pub const MAX_CONDITIONS: usize = 64;

/// Longest text of a layer, in characters, as written and again as filled in.
pub const MAX_TEXT_CHARS: usize = 1_000;

/// Longest text that a calculation may make, in bytes: 16 KiB.
pub const MAX_VALUE_BYTES: usize = 16 * 1024;

/// Deepest nesting of `when` in `when`, and of parentheses and brackets.
pub const MAX_NESTING: usize = 16;

/// Deepest calculation: calls and signs inside of one another, constants written out.
pub const MAX_EXPRESSION_DEPTH: usize = 16;

/// Most names, values and calls in one calculation, constants written out.
pub const MAX_EXPRESSION_PARTS: usize = 256;

/// Most constants in a template, those of its includes counted.
pub const MAX_CONSTANTS: usize = 64;

/// Most includes in a template, those of its includes counted.
pub const MAX_INCLUDES: usize = 16;

/// How deep an include may stand in an include.
pub const MAX_INCLUDE_DEPTH: usize = 4;

/// Most families of a font and its fallbacks.
pub const MAX_FONTS: usize = 8;

/// Most diagnostics reported in one run; a last one says that there were more.
pub const MAX_DIAGNOSTICS: usize = 100;

/// Longest name of a template, in characters.
pub const MAX_NAME_CHARS: usize = 64;

/// Most repetitions of a tile's layer in one picture. It is the layout that keeps it: by a wider gap, since how many
/// there are depends on the picture.
pub const MAX_TILES: usize = 4_096;
