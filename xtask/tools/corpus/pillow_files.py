"""Pillow, with the metadata that cameras and programs write."""

import io

from PIL import Image, ImageCms

ORIENTATION = 0x0112
# How a picture is stored that is to be shown as it is by this orientation.
STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def make(corpus):
    """Writes its files."""

    def picture(name):
        with Image.open(corpus.work / f"{name}.png") as image:
            return image.copy()

    def save(name, image, **options):
        out = io.BytesIO()
        image.save(out, "JPEG", **options)
        corpus.add("pillow", name, out.getvalue())

    chelsea, coffee, small = picture("chelsea"), picture("coffee"), picture("rocket-small")
    for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
        name = subsampling.replace(":", "")
        save(f"chelsea-{name}", chelsea, subsampling=subsampling)
        save(f"chelsea-{name}-optimized", chelsea, subsampling=subsampling, optimize=True)
        save(f"chelsea-{name}-progressive", chelsea, subsampling=subsampling, progressive=True)
        save(f"chelsea-{name}-restarts", chelsea, subsampling=subsampling, restart_marker_blocks=5)
        save(f"chelsea-{name}-restart-rows", chelsea, subsampling=subsampling, restart_marker_rows=2, optimize=True)
    for quality in (1, 20, 60, 100):
        save(f"coffee-quality-{quality}", coffee, quality=quality)
        save(f"coffee-quality-{quality}-optimized", coffee, quality=quality, optimize=True)
    for preset in ("web_low", "web_high", "maximum", "low"):
        save(f"coffee-{preset}", coffee, quality=preset)
    save("chelsea-keep-rgb", chelsea, keep_rgb=True)
    save("chelsea-keep-rgb-progressive", chelsea, keep_rgb=True, progressive=True)
    save("chelsea-streamtype", chelsea, dpi=(300, 300), comment=b"a comment")
    flat_tables = {0: [16] * 64, 1: [200] * 64}
    save("chelsea-flat-tables", chelsea, qtables=flat_tables)
    save("chelsea-three-tables", chelsea, qtables=[[4] * 64, [9] * 64, [30] * 64])
    gray = coffee.convert("L")
    save("coffee-gray", gray)
    save("coffee-gray-progressive-restarts", gray, progressive=True, restart_marker_blocks=9)
    for source in ("astronaut", "seventeen", "one", "flat"):
        cmyk = picture(source).convert("CMYK")
        save(f"{source}-cmyk", cmyk)
        save(f"{source}-cmyk-optimized-restarts", cmyk, optimize=True, restart_marker_blocks=3)
    save("astronaut-cmyk-progressive", picture("astronaut").convert("CMYK"), progressive=True)
    save("astronaut-cmyk-422", picture("astronaut").convert("CMYK"), subsampling="4:2:2", quality=90)

    for orientation in range(1, 9):
        stored = small.transpose(STORED[orientation]) if orientation > 1 else small
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        exif[0x010F] = "A camera"
        for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
            name = f"orientation-{orientation}-{subsampling.replace(':', '')}"
            save(name, stored, exif=exif, subsampling=subsampling, quality=90)
        save(f"orientation-{orientation}-progressive", stored, exif=exif, progressive=True)
        save(f"orientation-{orientation}-gray", stored.convert("L"), exif=exif)
        save(f"orientation-{orientation}-cmyk", stored.convert("CMYK"), exif=exif, optimize=True)

    srgb = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    # The date on which it was made, which is today.
    srgb[24:36] = bytes(12)
    srgb = bytes(srgb)
    save("small-icc", small, icc_profile=srgb)
    save("small-icc-in-parts", small, icc_profile=srgb + bytes(140_000))
    save("small-xmp", small, xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'></x:xmpmeta>")
    out = io.BytesIO()
    small.save(out, "MPO", save_all=True, append_images=[coffee, chelsea])
    corpus.add("pillow", "multi-picture", out.getvalue())
