//! One template for every property of the language: what the pictures of `docs/templates.md` show.

/// Name of the example and of its picture (`pictures/templates/<name>.png`), and the template.
///
/// The names of images are those of the assets that the pictures are drawn with: `logo.png`.
pub const EXAMPLES: &[(&str, &str)] = &[];
