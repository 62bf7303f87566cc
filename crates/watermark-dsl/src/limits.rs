//! What bounds the time and memory that a template can cost. Going over one is a diagnostic, never a panic.

/// Longest source, in bytes: 64 KiB.
pub const MAX_SOURCE_BYTES: usize = 64 * 1024;

/// Most layers in a template.
pub const MAX_LAYERS: usize = 32;

/// Longest text of a layer, in characters, as written and again as filled in.
pub const MAX_TEXT_CHARS: usize = 1_000;

/// Deepest nesting of braces, brackets and parentheses.
pub const MAX_NESTING: usize = 16;

/// Most diagnostics reported in one run; a last one says that there were more.
pub const MAX_DIAGNOSTICS: usize = 100;

/// Longest name of a template, in characters.
pub const MAX_NAME_CHARS: usize = 64;
