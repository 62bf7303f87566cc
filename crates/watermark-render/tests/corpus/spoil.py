"""Spoils outputs, so that the oracle must complain."""

import subprocess
from pathlib import Path

import jpeglib
import numpy as np
from PIL import Image

from turning import reached, sampling


def case(case, wrong, folder):
    """The case with its output spoilt in this way."""
    out = Path(folder) / "wrong.jpg"
    if wrong == "elsewhere":
        return case._replace(rects=[(0, 0, 1, 1)])
    if wrong == "unmarked":
        return case._replace(output=case.source)
    if wrong == "cut":
        data = Path(case.output).read_bytes()
        out.write_bytes(data[: len(data) * 2 // 3] + b"\xff\xd9")
        return case._replace(output=str(out))
    if wrong in ("coefficient", "quantization"):
        jpeg = jpeglib.read_dct(case.output)
        jpeg.load()
        with Image.open(case.output) as image:
            orientation = image.getexif().get(0x0112, 1)
        if wrong == "quantization":
            jpeg.qt[0][0, 3] += 1
        else:
            factors = sampling(jpeg)
            row, column = np.argwhere(~reached(case, factors, orientation))[-1]
            jpeg.Y[row * factors[0][0], column * factors[0][1], 2, 1] += 1
        jpeg.write_dct(str(out))
        if jpeg.progressive_mode:
            data = subprocess.run(["jpegtran", "-progressive", out], capture_output=True, check=True).stdout
            out.write_bytes(data)
        return case._replace(output=str(out))
    return case


def mark(mark, wrong):
    """The mark, of another colour or in another place than it was drawn."""
    if wrong == "color":
        mark = mark.copy()
        mark[:, :, :3] = 65_535 - mark[:, :, :3]
    if wrong == "moved":
        mark = np.roll(mark, 5, axis=1)
    return mark
