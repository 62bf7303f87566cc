//! Lossy WebP by libwebp: no encoder in Rust comes near to it in size.

#![expect(unsafe_code, reason = "libwebp is C; its one call is wrapped here and nowhere else")]

use std::{ffi::c_int, mem::MaybeUninit};

use image::DynamicImage;
use libwebp_sys::{
    WebPConfig, WebPEncode, WebPMemoryWrite, WebPMemoryWriter, WebPMemoryWriterClear, WebPMemoryWriterInit,
    WebPPicture, WebPPictureFree, WebPPictureImportRGB, WebPPictureImportRGBA, WebPPreset,
};

use crate::EncodeFailure;

/// Of 0 to 6: a third of the time of the usual 4, and 2 % more bytes.
const METHOD: c_int = 2;

/// Encodes pixels of 8 bits in RGB or RGBA into a whole file; alpha is lossless. `quality` is 1 to 100.
pub(crate) fn encode(image: &DynamicImage, quality: u8) -> Result<Vec<u8>, EncodeFailure> {
    let (samples, channels) = match image {
        DynamicImage::ImageRgb8(image) => (image.as_raw(), 3),
        DynamicImage::ImageRgba8(image) => (image.as_raw(), 4),
        _ => return Err(EncodeFailure::Samples),
    };
    let (width, height) = (side(image.width())?, side(image.height())?);
    let failed = |()| EncodeFailure::Samples;
    let mut config =
        WebPConfig::new_with_preset(WebPPreset::WEBP_PRESET_DEFAULT, f32::from(quality)).map_err(failed)?;
    config.method = METHOD;
    let mut picture = WebPPicture::new().map_err(failed)?;
    picture.width = width;
    picture.height = height;
    let mut writer = MaybeUninit::<WebPMemoryWriter>::uninit();
    // SAFETY: the writer is initialized by the call made for it. The samples are `width * height * channels` bytes, for
    // the buffer of an `ImageBuffer` is as long as its size says, and are only read before this function ends. The
    // picture points to the writer, which outlives the encoding, and both are freed once, on every way out. The bytes
    // are copied before the writer is cleared.
    unsafe {
        WebPMemoryWriterInit(writer.as_mut_ptr());
        picture.writer = Some(WebPMemoryWrite);
        picture.custom_ptr = writer.as_mut_ptr().cast();
        let is_imported = if channels == 3 {
            WebPPictureImportRGB(&raw mut picture, samples.as_ptr(), width * 3)
        } else {
            WebPPictureImportRGBA(&raw mut picture, samples.as_ptr(), width * 4)
        };
        let is_written = is_imported != 0 && WebPEncode(&raw const config, &raw mut picture) != 0;
        let code = picture.error_code as u32;
        WebPPictureFree(&raw mut picture);
        let writer = writer.assume_init_mut();
        let bytes = if is_written && !writer.mem.is_null() {
            Ok(std::slice::from_raw_parts(writer.mem, writer.size).to_vec())
        } else {
            Err(EncodeFailure::WebP { code })
        };
        WebPMemoryWriterClear(writer);
        bytes
    }
}

fn side(pixels: u32) -> Result<c_int, EncodeFailure> {
    let max_edge_px = crate::container::webp::MAX_EDGE_PX;
    if pixels == 0 || pixels > max_edge_px {
        return Err(EncodeFailure::Edge { max_edge_px });
    }
    c_int::try_from(pixels).map_err(|_| EncodeFailure::Edge { max_edge_px })
}
