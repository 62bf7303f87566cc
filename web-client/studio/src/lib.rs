//! The template language and the renderer in the browser, for the studio page: diagnostics, previews, renditions.
//!
//! Everything is [`Studio`], plain Rust without a browser, so that the same tests run natively; `browser` is the thin
//! layer of wasm-bindgen over it. A rendition is made by [`sealmark_watermark_render::render`], as the worker makes it,
//! and has the same bytes. A preview is faster: it draws the same stamps onto pixels that the browser has decoded, and
//! gives back only the rectangles that changed.

#[cfg(target_arch = "wasm32")]
mod browser;
mod patches;
mod preview;
mod reports;
mod studio;
mod variables;

pub use patches::MAX_PREVIEW_PIXELS;
pub use preview::{NoPreview, Preview};
pub use reports::{Facts, Method, Rendition, Report};
pub use studio::Studio;
pub use variables::read_variables;
