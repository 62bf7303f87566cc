"""Writes the pictures that libjpeg and libwebp are known for: codes of the file's own, several scans, lossy WebP.
Arguments: the folder of the others."""

import pathlib
import sys

from PIL import Image

folder = pathlib.Path(sys.argv[1])
with Image.open(folder / "12mp.png") as photo:
    photo.save(folder / "12mp-optimized.jpg", quality=90, subsampling=2, optimize=True)
    photo.save(folder / "12mp-progressive.jpg", quality=90, subsampling=2, progressive=True)
with Image.open(folder / "2mp.png") as photo:
    photo.save(folder / "2mp.webp", quality=80, method=4)
