//! Layout, drawing, blending and verification of marks; bytes in, bytes out.
//!
//! One way through: template and picture size → [`layout`] → [`Scene`] → [`draw`] → [`Stamp`]s → [`Stamp::blend_onto`]
//! → pixels. [`render`] does the whole of it from an original's bytes to a rendition's, and [`verify`] proves from the
//! two byte strings alone that nothing outside the mark has changed.
//!
//! ```
//! use sealmark_watermark_dsl::{Template, Variables};
//! use sealmark_watermark_render::{Limits, Resources, render, verify};
//! # let mut source = Vec::new();
//! # image::RgbImage::from_pixel(64, 48, image::Rgb([90, 120, 150]))
//! #     .write_to(&mut std::io::Cursor::new(&mut source), image::ImageFormat::Png)?;
//!
//! let template = Template::from_source(r#"template "t" { text "© {user_id}" { size = 20%h } }"#).unwrap();
//! let variables = Variables { user_id: "ada".into(), ..Variables::default() };
//! let output = render(&source, &template, &variables, &Resources::embedded(), &Limits::default())?;
//! verify(&source, &output, &Limits::default())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! *Invariant:* pure, and the same input gives the same bytes. No files, clock, environment or threads; float maths
//! keeps to what IEEE 754 rounds exactly, and `libm` where that is not enough.

mod assets;
mod blend;
mod blend_mode;
mod compare;
mod container;
mod contrast;
mod decode;
mod draw;
mod encode;
mod error;
mod face;
mod fonts;
mod format;
mod geometry;
mod glyph;
mod inspect;
mod jpeg;
mod layout;
#[cfg(feature = "webp-lossy")]
mod libwebp;
mod limits;
mod metadata;
mod method;
mod missing;
mod notes;
mod picture;
mod png;
mod prepare;
mod profile;
mod qr;
mod render;
mod resources;
mod scene;
mod stamp;
mod typeset;
mod uses;
mod verify;

pub use assets::Assets;
pub use blend::{Channels, Pixels, SizeMismatch};
pub use blend_mode::BlendMode;
pub use compare::{Comparison, Measure, PixelsFor, compare};
pub use contrast::AUTO_LUMA;
pub use draw::{MAX_OUTLINE_PX, MAX_SHADOW_SIGMA, MAX_SPRITE_PIXELS, MAX_TILE_PLACES, MAX_TILE_SPRITE_PIXELS, draw};
pub use encode::{DEFAULT_QUALITY, EncodeFailure};
pub use error::RenderError;
pub use face::{FaceId, FontFailure};
pub use fonts::{DEFAULT_FONT, Fonts};
pub use format::Format;
pub use inspect::{Found, Inspection, MetadataKind, PngStructure, Structure, inspect};
pub use jpeg::{Codes, HuffmanTables, JpegProcess, JpegStructure, Refusal};
pub use layout::{MAX_EM_PX, layout, layout_evaluated};
pub use limits::Limits;
pub use metadata::Metadata;
pub use method::{Method, Reason};
pub use missing::{Available, missing};
pub use picture::{Picture, PictureFailure};
pub use png::PngRefusal;
pub use profile::InkColors;
pub use qr::QrModules;
pub use render::{Output, render};
pub use resources::Resources;
pub use scene::{
    Content, Frame, GlyphRun, Mark, Outline, Paint, PlacedGlyph, Plate, Qr, Rect, Scene, SceneShadow, Text, Tile,
};
pub use stamp::{Ink, Place, Sprite, Stamp};
pub use typeset::{Align, TextBlock, TextStyle, typeset};
pub use verify::{
    BLOCK_PX, CHANNEL_PER_QUALITY, LUMA_PER_QUALITY, MAX_CHANNEL_DIFFERENCE, MAX_LUMA_DIFFERENCE, Proof, VerifyFailure,
    verify,
};

/// Counts the changes that alter a rendition's bytes or pixels. Part of what makes a rendition the same as another,
/// together with source, template, variables and [`Resources::digest`]: raise it with every such change.
pub const RENDERER_VERSION: u32 = 4;
