//! The mark: what is in force, and what it makes of one original.

use std::{collections::BTreeMap, sync::Arc};

use sealmark_catalogue::Job;
use sealmark_protocol::{FailureCode, Sha256Digest, TenantId};
use sealmark_storage::Extension;
use sealmark_watermark_dsl::Variables;
use sealmark_watermark_render::{Limits, Method, RENDERER_VERSION, RenderError, render, verify};

use crate::{InForce, Loaded};

/// What every picture is marked with.
#[derive(Debug)]
pub struct Mark {
    in_force: Arc<InForce>,
    limits: Limits,
}

/// The mark as it is when a job begins; what changes meanwhile is for the next job.
#[derive(Debug, Clone)]
pub(crate) struct Current {
    loaded: Arc<Loaded>,
    limits: Limits,
}

/// A rendered and verified picture.
#[derive(Debug)]
pub(crate) struct Marked {
    pub(crate) bytes: bytes::Bytes,
    pub(crate) digest: Sha256Digest,
    pub(crate) extension: Extension,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) template: String,
    /// How the mark came into the file.
    pub(crate) method: Method,
}

/// Why a picture cannot be marked; no repeat helps.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MarkError {
    #[error("the picture cannot be marked")]
    Render(#[from] RenderError),
    #[error("the renderer made a file that is none of ours: .{extension}")]
    Extension { extension: &'static str },
}

impl MarkError {
    pub(crate) fn failure_code(&self) -> FailureCode {
        match self {
            Self::Render(RenderError::UnsupportedFormat { .. }) => FailureCode::UnsupportedFormat,
            Self::Render(RenderError::BrokenImage { .. } | RenderError::Encode { .. }) => FailureCode::BrokenImage,
            Self::Render(RenderError::ImageTooLarge { .. } | RenderError::DecoderLimit { .. }) => {
                FailureCode::ImageTooLarge
            }
            Self::Render(RenderError::VerifyFailed { .. }) => FailureCode::VerifyFailed,
            // What is left is between the template and this picture: a font that is missing, a mark that shows nothing.
            Self::Render(_) | Self::Extension { .. } => FailureCode::TemplateRefused,
        }
    }
}

impl Mark {
    /// The mark of what is in force, on pictures of at most `max_pixels`.
    pub const fn new(in_force: Arc<InForce>, max_pixels: u64) -> Self {
        // Eight bytes a pixel: four channels of 16 bits.
        let limits = Limits { max_pixels, max_decoded_bytes: max_pixels.saturating_mul(8) };
        Self { in_force, limits }
    }

    pub(crate) fn now(&self) -> Current {
        Current { loaded: self.in_force.current(), limits: self.limits }
    }
}

impl Current {
    /// The identity of everything that a version is rendered from, but for the variables, which a picture's record
    /// never changes: the same text means the same bytes.
    pub(crate) fn render_key(&self, tenant: &TenantId, source_etag: &str) -> String {
        let Loaded { digest, keys_digest, .. } = &*self.loaded;
        let resources = &self.loaded.shelf(tenant.as_str()).digest;
        let keys = keys_digest.as_ref().map_or(String::new(), |digest| format!(" keys={digest}"));
        format!("source={source_etag} template={digest} resources={resources}{keys} renderer={RENDERER_VERSION}")
    }

    /// What the template may ask about a picture.
    pub(crate) fn variables(&self, job: &Job) -> Variables {
        // The picture's id tells when it was made, and says the same each time the job is repeated.
        let (seconds, nanoseconds) = job.media_id.as_uuid().get_timestamp().map_or((0, 0), |at| at.to_unix());
        let timestamp_ms = seconds.saturating_mul(1_000).saturating_add(u64::from(nanoseconds / 1_000_000));
        Variables {
            user_id: job.user_id.to_string(),
            tenant: job.tenant.to_string(),
            upload_id: job.upload_id.to_string(),
            media_id: job.media_id.to_string(),
            image_name: job.file_name.clone(),
            timestamp_ms: i64::try_from(timestamp_ms).unwrap_or(i64::MAX),
            keys: self.loaded.keys.clone(),
            // Uploads have no tags.
            tags: BTreeMap::new(),
        }
    }

    /// Renders and verifies; takes a while, so call it on a thread that may block.
    pub(crate) fn render(&self, original: &[u8], variables: &Variables) -> Result<Marked, MarkError> {
        let template = &self.loaded.template;
        let resources = &self.loaded.shelf(&variables.tenant).resources;
        let output = render(original, template, variables, resources, &self.limits)?;
        verify(original, &output, &self.limits)?;
        if !output.missing_glyphs.is_empty() {
            tracing::warn!(
                template = template.name(), media.id = variables.media_id, missing = ?output.missing_glyphs,
                "the font lacks characters; a box stands in their place"
            );
        }
        let extension = Extension::ALL
            .into_iter()
            .find(|extension| extension.as_str() == output.extension)
            .ok_or(MarkError::Extension { extension: output.extension })?;
        Ok(Marked {
            digest: Sha256Digest::of(&output.bytes),
            extension,
            width: output.width,
            height: output.height,
            template: template.name().to_owned(),
            method: output.method,
            bytes: output.bytes.into(),
        })
    }
}
