"""Compares marked JPEGs with their sources by libjpeg and Pillow; nothing of it knows how they were marked.

    oracle.py CASES [--wrong=NAME]

CASES has a line for each: id, kind, source, output, mark alone (straight RGBA of 16 bits), width and height as shown,
touched rectangles as shown; tabs between them. Of each mistake a line says `WRONG id what`. With a wrong, each output
is spoilt in this way before, so that there must be such a line for it.
"""

import collections
import multiprocessing
import subprocess
import sys
import tempfile
import warnings

import jpeglib
import numpy as np
from PIL import Image

import spoil
from pixels import MOVED_PX, differences
from turning import largest, reached, sampling

ORIENTATION = 0x0112

# Pictures with a shorter side than this have marks of few pixels.
SMALL_PX = 64
# Root mean square of the quantization's steps from which on a mark may fall between them: quality 10 and below.
COARSE_STEPS = 100
# Bounds of the mean difference to a mark that is blended onto pixels, in levels of 255: what rounding of samples and
# colours takes, and the part of a step that quantization does. Half of a step is the most for one coefficient.
MOST_LEVELS = 3
MOST_OF_STEP = 0.3
# The same, as a part of what the mark changes: a mark in another place or of another colour differs by 1 and more.
MOST_OF_CHANGE = 0.45
# Bound of the mean of the differences, which rounding does not move.
MOST_BIAS = 4
# A mark that is where it should be would be off by this many times as much if it were moved.
MOVED_AT_LEAST = 1.5
# Where the plain way gives another picture, and why.
INCOMPARABLE = {
    # Samples far out of range, which the plain way cuts off before it blends.
    "rare/rgb-names-but-jfif",
    # The same, in a saturated ground.
    "from-pillow/imageops_pad_v_0",
    "from-pillow/imageops_pad_v_1",
    # Luma has half of the picture's resolution, so a mark's edges are soft.
    "libjpeg-turbo/chelsea-chroma-finer",
    "libjpeg-turbo/chelsea-chroma-finer-optimized-restarts",
}

Case = collections.namedtuple("Case", "id kind source output mark width height rects")
# Without a complaint: root mean square of the quantization's steps, and the differences of the pixels.
Result = collections.namedtuple("Result", "case complaint scale found")


class Complaint(Exception):
    """What is wrong with an output."""


def read_cases(path):
    """The cases of a list."""
    cases = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            fields = line.rstrip("\n").split("\t")
            rects = [tuple(map(int, rect.split(","))) for rect in fields[7].split(";") if rect]
            cases.append(Case(*fields[:5], int(fields[5]), int(fields[6]), rects))
    return cases


def decoded(path, on_warning):
    """A picture as Pillow decodes it, its orientation and what else its header says."""
    with warnings.catch_warnings():
        warnings.simplefilter(on_warning)
        with Image.open(path, formats=["JPEG"]) as image:
            image.load()
            return image, image.getexif().get(ORIENTATION, 1), image.info


def check_coefficients(case, orientation):
    """Outside of the MCUs that the mark reaches, libjpeg must read the same from both files."""
    source, output = jpeglib.read_dct(case.source), jpeglib.read_dct(case.output)
    source.load(), output.load()
    factors = sampling(source)
    if factors != sampling(output):
        raise Complaint("other sampling factors")
    if source.progressive_mode != output.progressive_mode:
        raise Complaint("another process")
    for component in range(source.num_components):
        tables = [jpeg.qt[jpeg.quant_tbl_no[component]] for jpeg in (source, output)]
        if not np.array_equal(*tables):
            raise Complaint(f"other quantization of component {component}")
    mcus = reached(case, factors, orientation)
    changed = 0
    for component, name in enumerate(("Y", "Cb", "Cr", "K")[: len(factors)]):
        old, new = getattr(source, name), getattr(output, name)
        if old.shape != new.shape:
            raise Complaint(f"another number of blocks of component {component}")
        differs = (old != new).any(axis=(2, 3))
        may = mcus.repeat(factors[component][0], axis=0).repeat(factors[component][1], axis=1)
        outside = differs & ~may[: differs.shape[0], : differs.shape[1]]
        if outside.any():
            row, column = np.argwhere(outside)[0]
            raise Complaint(
                f"{outside.sum()} blocks of component {component} differ outside of the mark, first in row {row},"
                f" column {column}"
            )
        changed += int(differs.sum())
    steps = np.concatenate([source.qt[source.quant_tbl_no[at]].ravel() for at in range(source.num_components)])
    # Larger ones round all that is below them to nothing.
    scale = float(np.sqrt(np.mean(np.minimum(steps.astype(float), 255) ** 2)))
    vertical, horizontal = largest(factors)
    return changed, scale, (vertical // min(v for v, _ in factors), horizontal // min(h for _, h in factors))


def libjpeg_warning(path):
    """What libjpeg complains of."""
    done = subprocess.run(["djpeg", "-strict", "-fast", path], capture_output=True, check=False)
    return done.stderr.decode(errors="replace").strip() or (done.returncode and f"ended with {done.returncode}")


def check_warnings(case):
    """Neither libjpeg nor Pillow may have anything to say that they do not say of the source."""
    warning = libjpeg_warning(case.output)
    if warning and (case.kind != "Kept" or not libjpeg_warning(case.source)):
        raise Complaint(f"a warning of libjpeg: {warning}")
    try:
        return decoded(case.output, "error")
    except Exception as error:
        raise Complaint(f"a warning of Pillow: {error!r}") from error


def check_amount(case, changed, scale, found):
    """How much may differ: quantization's own error, which grows with the steps, and far less than the mark changes."""
    if min(case.width, case.height) < SMALL_PX or scale > COARSE_STEPS:
        # A mark of few pixels, or one that falls between the steps, may vanish; it must not become another.
        if found.mean > found.change + 3:
            raise Complaint(f"another mark: {found.mean:.1f} levels off, where {found.change:.1f} would be none")
        return
    if changed == 0:
        raise Complaint("nothing has changed")
    if found.moved < MOVED_AT_LEAST * found.mean:
        raise Complaint(
            f"another mark, perhaps in another place: {found.mean:.1f} levels off, and moved {found.moved:.1f}"
        )
    if case.id.split(":")[0] in INCOMPARABLE:
        return
    most = min(MOST_LEVELS + MOST_OF_STEP * scale, MOST_OF_CHANGE * found.change)
    if found.mean > most or found.bias > MOST_BIAS:
        raise Complaint(
            f"another mark: {found.mean:.1f} levels off (at most {most:.1f}),"
            f" {found.bias:.1f} in the mean (at most {MOST_BIAS})"
        )


def check(case, wrong=None):
    """Everything of one case: what is wrong with it, and how far the mark's pixels are off in levels."""
    jpeglib.version.set("turbo210")
    with tempfile.TemporaryDirectory() as folder:
        case = spoil.case(case, wrong, folder)
        try:
            output = check_warnings(case)
            if case.kind != "Kept":
                if output[0].size != (case.width, case.height):
                    raise Complaint(f"{output[0].size} pixels")
                return Result(case, None, None, None)
            source = decoded(case.source, "ignore")
            changed, scale, cell = check_coefficients(case, source[1])
            if output[0].mode != source[0].mode or output[0].size != source[0].size:
                raise Complaint(f"{output[0]} instead of {source[0]}")
            if source[1] in range(2, 9) and output[1] != source[1]:
                raise Complaint(f"orientation {output[1]} instead of {source[1]}")
            found = differences(case, source, output, cell, wrong)
            if found:
                check_amount(case, changed, scale, found)
            return Result(case, None, scale, found)
        except Complaint as complaint:
            return Result(case, str(complaint), None, None)


def main():
    wrong = next((argument[8:] for argument in sys.argv if argument.startswith("--wrong=")), None)
    cases = read_cases(sys.argv[1])
    with multiprocessing.Pool() as pool:
        results = pool.starmap(check, [(case, wrong) for case in cases], chunksize=8)
    for result in results:
        if result.complaint:
            print(f"WRONG {result.case.id} {result.complaint}")
    kept = [result for result in results if result.found and min(result.case.width, result.case.height) >= SMALL_PX]
    print(f"{sum(result.scale is not None for result in results)} outputs have their source's coefficients")
    for low, high in ((0, 10), (10, 30), (30, 60), (60, COARSE_STEPS)):
        some = [result.found for result in kept if low <= result.scale < high]
        if some:
            mean, change, bias, moved = np.mean(some, axis=0)
            print(
                f"steps of {low:>2} to {high:>3}: {len(some):>4} outputs of {SMALL_PX} px and more; the mark's pixels are"
                f" {mean:.2f} levels off (most {np.max(some, axis=0)[0]:.2f}) where the mark changes {change:.1f};"
                f" {bias:.2f} in the mean; moved by {MOVED_PX} px it would be {moved:.2f}"
            )


if __name__ == "__main__":
    main()
