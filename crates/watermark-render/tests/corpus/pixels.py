"""A mark blended onto decoded pixels, in the plain way, and how far an output is from that."""

import collections
import io

import numpy as np
from PIL import Image, ImageCms

import spoil
from turning import to_stored

# Mean differences to a mark blended in the plain way, in levels of 255: over pixels and channels; what the mark itself
# changes; that of the channel whose differences do not cancel each other; the first, if the mark were moved a little.
Differences = collections.namedtuple("Differences", "mean change bias moved")
# How far it is moved: more than one sample of colour, and less than a block.
MOVED_PX = 4


def in_planes(mark, mode):
    """The colours of a mark in the samples of a mode, 0 to 255. As inks with as much black as they can have."""
    if mode == "RGB":
        return mark
    if mode == "L":
        return mark @ np.array([[0.299], [0.587], [0.114]])
    if mode == "CMYK":
        black = 255 - mark.max(axis=2, keepdims=True)
        inks = np.divide(255 - mark - black, 255 - black, out=np.zeros_like(mark), where=black < 255) * 255
        return np.concatenate([inks, black], axis=2)
    raise ValueError(f"an unexpected mode {mode}")


def samples(image, info):
    """The samples as numbers; inks by what Adobe's segment says of them."""
    array = np.asarray(image).astype(np.float32)
    if array.ndim == 2:
        array = array[:, :, None]
    # Pillow takes all inks as inverted, as Adobe writes them.
    if image.mode == "CMYK" and "adobe" not in info:
        array = 255 - array
    return array


def in_colors_of(mark, profile, mode):
    """A mark, written in sRGB, in the colours of a picture's ICC profile, by Little CMS.

    Profiles that are tables, those of inks among them, leave it as it is; so does one that is broken.
    """
    spaces = {b"RGB ": "RGB", b"GRAY": "L"}
    is_table = profile[20:24] != b"XYZ " and mode == "RGB"
    if spaces.get(profile[16:20]) != mode or is_table:
        return mark
    own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    relative = ImageCms.Intent.RELATIVE_COLORIMETRIC
    change = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), own, "RGB", mode, relative)
    levels = Image.fromarray((mark[:, :, :3] // 257).astype(np.uint8))
    changed = np.asarray(ImageCms.applyTransform(levels, change)).astype(np.uint16)
    changed = changed.reshape(*mark.shape[:2], -1) * 257
    return np.concatenate([np.broadcast_to(changed, (*mark.shape[:2], 3)), mark[:, :, 3:]], axis=2)


def blend(before, marks, mode):
    """The samples with the marks on them, the lowest first, and where there are any."""
    covered = np.zeros(before.shape[:2], dtype=np.float32)
    for mark in marks:
        alpha = mark[:, :, 3:] / 255
        before = before * (1 - alpha) + in_planes(mark[:, :, :3], mode) * alpha
        covered = np.maximum(covered, alpha[:, :, 0])
    return before, covered


def differences(case, source, output, cell, wrong):
    """Compares an output with its source and the marks, as stored."""
    (old, orientation, old_info), (new, _, new_info) = source, output
    marks = np.fromfile(case.mark, dtype=np.uint16).reshape(-1, case.height, case.width, 4)
    marks = [to_stored(spoil.mark(mark, wrong), orientation) for mark in marks]
    profile = old_info.get("icc_profile")
    if profile:
        marks = [in_colors_of(mark, profile, old.mode) for mark in marks]
    used = np.nonzero(np.any([mark[:, :, 3] > 0 for mark in marks], axis=0))
    if used[0].size == 0:
        return None
    # Only where there is a mark, with room to move it, and whole cells.
    part = tuple(
        slice(max(0, at.min() - MOVED_PX) // size * size, at.max() + MOVED_PX + size)
        for at, size in zip(used, cell)
    )
    marks = [mark[part].astype(np.float32) / 257 for mark in marks]
    before, after = samples(old, old_info)[part], samples(new, new_info)[part]
    blended, covered = blend(before, marks, old.mode)
    # Colour has no finer detail than its samples, so their means are compared.
    is_marked = means(covered[:, :, None], cell)[:, :, 0] > 0.02
    if not is_marked.any():
        return None
    error, change = means(after - blended, cell)[is_marked], means(before - blended, cell)[is_marked]
    moved = []
    for axis in (0, 1):
        for by in (-MOVED_PX, MOVED_PX):
            other, _ = blend(before, [np.roll(mark, by, axis) for mark in marks], old.mode)
            moved.append(np.abs(means(after - other, cell)[is_marked]).mean())
    mean, bias = np.abs(error).mean(), np.abs(error.mean(axis=0)).max()
    return Differences(mean, np.abs(change).mean(), bias, min(moved))


def means(array, cell):
    """The means of cells of so many rows and columns; those at the end may be smaller."""
    for axis, size in enumerate(cell):
        starts = np.arange(0, array.shape[axis], size)
        counts = np.diff(np.append(starts, array.shape[axis]))
        sums = np.add.reduceat(array, starts, axis=axis)
        array = sums / counts.reshape([-1 if at == axis else 1 for at in range(array.ndim)])
    return array
