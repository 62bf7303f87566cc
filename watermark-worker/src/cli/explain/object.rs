//! What is explained, as JSON.

use sealmark_watermark_render::{Comparison, Found, Inspection, Measure, Structure};
use serde_json::{Value, json};

use super::{Explained, Trial, fate};
use crate::cli::verify::rectangles;

/// A picture and its trial as an object.
pub(super) fn object(explained: &Explained) -> Value {
    let after = explained.trial.as_ref().ok().and_then(|trial| trial.after.as_ref());
    let metadata = |inspection: &Inspection| -> Vec<Value> {
        let one = |found: &Found| {
            let fate = after.map(|after| fate(found, after));
            json!({ "kind": found.kind.to_string(), "bytes": found.bytes,
                "fate": fate.map(|(fate, _)| fate), "bytes_kept": fate.map(|(_, bytes)| bytes) })
        };
        inspection.metadata.iter().map(one).collect()
    };
    let inspection = explained.inspection.as_ref().ok().map(|inspection| {
        let structure = match &inspection.structure {
            Structure::Jpeg(jpeg) => json!({
                "process": jpeg.process.to_string(), "bits": jpeg.bits, "sampling": jpeg.sampling(),
                "restart_interval": jpeg.restart_interval, "scans": jpeg.scans,
                "huffman_tables": jpeg.tables.to_string(), "trailing_bytes": jpeg.trailing_bytes,
                "is_whole": jpeg.is_whole,
                "refusal": jpeg.refusal.map(|refusal| refusal.to_string()),
            }),
            Structure::Png(png) => json!({
                "bits": png.bits, "colors": png.colors, "is_interlaced": png.is_interlaced,
                "frames": png.frames, "has_fallback": png.has_fallback,
            }),
            Structure::WebP { is_lossless, has_alpha, frames } => {
                json!({ "is_lossless": is_lossless, "has_alpha": has_alpha, "frames": frames })
            }
            Structure::Gif { frames } => json!({ "frames": frames }),
            Structure::Plain { bits, colors } => json!({ "bits": bits, "colors": colors }),
            _ => Value::Null,
        };
        json!({
            "format": inspection.format.to_string(),
            "width": inspection.shown_size().0,
            "height": inspection.shown_size().1,
            "stored_width": inspection.width,
            "stored_height": inspection.height,
            "orientation": inspection.orientation,
            "icc_name": inspection.icc_name,
            "has_position": inspection.has_position,
            "metadata": metadata(inspection),
            "structure": structure,
        })
    });
    let mark = explained.trial.as_ref().ok().map(|Trial { output, comparison, .. }| {
        let unit = |found: &Comparison| if found.measure == Measure::Coefficients { "mcus" } else { "pixels" };
        json!({
            "method": output.method.to_string(),
            "bytes": output.bytes.len(),
            "touched": rectangles(&output.touched),
            "missing_glyphs": output.missing_glyphs,
            "unit": comparison.as_ref().map(unit),
            "total": comparison.as_ref().map(|found| found.total),
            "changed": comparison.as_ref().map(|found| found.different),
        })
    });
    json!({
        "file": explained.path.display().to_string(),
        "bytes": explained.bytes,
        "picture": inspection,
        "mark": mark,
        "error": explained.trial.as_ref().err(),
    })
}
