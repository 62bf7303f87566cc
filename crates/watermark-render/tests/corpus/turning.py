"""Where pixels as shown are in a stored JPEG, and in which MCUs."""

import numpy as np


def to_shown(array, orientation):
    """Turns stored samples as EXIF says; source: EXIF 2.32, 4.6.4, tag 0x0112."""
    match orientation:
        case 2:
            return array[:, ::-1]
        case 3:
            return array[::-1, ::-1]
        case 4:
            return array[::-1]
        case 5:
            return np.swapaxes(array, 0, 1)
        case 6:
            return np.rot90(array, -1)
        case 7:
            return np.swapaxes(array[::-1, ::-1], 0, 1)
        case 8:
            return np.rot90(array, 1)
    return array


def to_stored(array, orientation):
    """The other way."""
    return to_shown(array, {6: 8, 8: 6}.get(orientation, orientation))


def sampling(jpeg):
    """Sampling factors of each component, down and to the right. What is not interleaved has none."""
    factors = [tuple(map(int, pair)) for pair in jpeg.samp_factor]
    return factors if len(factors) > 1 else [(1, 1)]


def largest(factors):
    """The largest factors."""
    return max(v for v, _ in factors), max(h for _, h in factors)


def reached(case, factors, orientation):
    """Which MCUs the touched rectangles reach, as rows and columns."""
    mask = np.zeros((case.height, case.width), dtype=bool)
    for x, y, width, height in case.rects:
        mask[y : y + height, x : x + width] = True
    mask = to_stored(mask, orientation)
    high, wide = (8 * factor for factor in largest(factors))
    rows, columns = -(-mask.shape[0] // high), -(-mask.shape[1] // wide)
    whole = np.zeros((rows * high, columns * wide), dtype=bool)
    whole[: mask.shape[0], : mask.shape[1]] = mask
    return whole.reshape(rows, high, columns, wide).any(axis=(1, 3))
