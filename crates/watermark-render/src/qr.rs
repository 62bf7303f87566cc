//! QR codes: text to modules.

use qrcodegen::{QrCode, QrCodeEcc};
use sealmark_watermark_dsl::QrLevel;

use crate::RenderError;

/// The modules of a QR code, without the quiet zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QrModules {
    side: u32,
    quiet: u32,
    dark: Vec<bool>,
}

impl QrModules {
    /// Encodes a text, with error correction of a level, or more where that does not make it larger, and so many light
    /// modules around it; readers want 4. Source: ISO/IEC 18004, 5.3.8.
    ///
    /// # Errors
    /// [`RenderError::QrTooLong`] for a text that is longer than [`QrLevel::most_bytes`].
    pub fn encode(text: &str, level: QrLevel, quiet_modules: u32) -> Result<Self, RenderError> {
        let level = match level {
            QrLevel::Low => QrCodeEcc::Low,
            QrLevel::Medium => QrCodeEcc::Medium,
            QrLevel::Quartile => QrCodeEcc::Quartile,
            QrLevel::High => QrCodeEcc::High,
        };
        let code = QrCode::encode_text(text, level).map_err(|_| RenderError::QrTooLong { bytes: text.len() })?;
        let side = code.size();
        let dark = (0..side).flat_map(|y| (0..side).map(move |x| (x, y))).map(|(x, y)| code.get_module(x, y));
        Ok(Self { side: u32::try_from(side).unwrap_or(0), quiet: quiet_modules, dark: dark.collect() })
    }

    /// Modules in a row and in a column, 21 to 177.
    pub const fn side(&self) -> u32 {
        self.side
    }

    /// The same with the quiet zone.
    pub const fn side_with_quiet_zone(&self) -> u32 {
        self.side.saturating_add(self.quiet.saturating_mul(2))
    }

    /// Light modules around it.
    pub const fn quiet_modules(&self) -> u32 {
        self.quiet
    }

    /// Runs of dark modules: row, first column and one past the last.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (u32, u32, u32)> + '_ {
        (0_u32..).zip(self.dark.chunks_exact(self.side.max(1) as usize)).flat_map(|(y, row)| {
            let mut runs = Vec::new();
            let mut start = None;
            for (x, dark) in (0_u32..).zip(row.iter().copied().chain([false])) {
                match (start, dark) {
                    (None, true) => start = Some(x),
                    (Some(from), false) => {
                        runs.push((y, from, x));
                        start = None;
                    }
                    _ => {}
                }
            }
            runs
        })
    }
}
