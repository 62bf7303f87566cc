"""What the encoders are given: small photographs and the pictures that codecs find hard."""

import numpy as np
from PIL import Image

# By name: sample, width, height.
PHOTOGRAPHS = {
    "astronaut": ("astronaut.png", 320, 320),
    "chelsea": ("chelsea.png", 333, 227),
    "coffee": ("coffee-turned.jpg", 241, 361),
    "hubble": ("hubble_deep_field.jpg", 300, 260),
    "rocket": ("rocket.jpg", 512, 341),
    "rocket-small": ("rocket.jpg", 170, 113),
    "one": ("astronaut.png", 1, 1),
    "seven": ("chelsea.png", 7, 13),
    "sixteen": ("coffee-turned.jpg", 16, 16),
    "seventeen": ("rocket.jpg", 17, 33),
    "wide": ("rocket.jpg", 700, 9),
    "high": ("chelsea.png", 5, 400),
}


def make(corpus, samples):
    """Writes them as PNG and PPM; the names."""
    pictures = {}
    for name, (sample, width, height) in PHOTOGRAPHS.items():
        with Image.open(samples / sample) as image:
            pictures[name] = image.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
    random = np.random.Generator(np.random.PCG64(7))
    pictures["noise"] = Image.fromarray(random.integers(0, 256, (123, 150, 3), dtype=np.uint8))
    pictures["flat"] = Image.new("RGB", (200, 150), (70, 130, 90))
    rows, columns = np.mgrid[0:120, 0:256]
    gradient = np.stack([columns, rows * 2, 255 - columns], axis=-1).astype(np.uint8)
    pictures["gradient"] = Image.fromarray(gradient)
    rows, columns = np.mgrid[0:101, 0:197]
    checker = ((rows + columns) % 2 * 255).astype(np.uint8)
    pictures["checker"] = Image.fromarray(np.stack([checker] * 3, axis=-1))
    for name, picture in pictures.items():
        picture.save(corpus.work / f"{name}.png")
        picture.save(corpus.work / f"{name}.ppm")
    return list(pictures)
