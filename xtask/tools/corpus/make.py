"""Makes the corpus of JPEGs that marks are proven on: many encoders and settings, rare and broken files.

    make.py FOLDER SAMPLES --encoder PROGRAM --crate NAME=FOLDER … --archive NAME=FILE …

The same programs make the same files. Run by `cargo xtask`, which installs the programs.
"""

import argparse
from pathlib import Path

import borrowed
import ffmpeg
import imageio_ffmpeg
import inputs
import magick
import odd
import pillow_files
import turbo
from folder import Corpus, run

HERE = Path(__file__).parent


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("samples", type=Path)
    parser.add_argument("--encoder", required=True)
    parser.add_argument("--convert", required=True)
    parser.add_argument("--crate", action="append", default=[])
    parser.add_argument("--archive", action="append", default=[])
    options = parser.parse_args()
    corpus = Corpus(options.folder)
    names = inputs.make(corpus, options.samples)
    turbo.make(corpus, names)
    magick.make(corpus, options.convert)
    pillow_files.make(corpus)
    ffmpeg.make(corpus, imageio_ffmpeg.get_ffmpeg_exe())
    for maker, command in {"sharp": ["node", HERE / "sharp.mjs"], "jpeg-encoder": [options.encoder]}.items():
        (corpus.folder / maker).mkdir()
        run(*command, corpus.work, corpus.folder / maker)
    odd.make(corpus)
    pairs = lambda list: dict(pair.split("=", 1) for pair in list)
    borrowed.make(corpus, pairs(options.crate), pairs(options.archive))
    for path in sorted(options.samples.glob("*.jpg")):
        corpus.add("samples", path.stem, path.read_bytes())


if __name__ == "__main__":
    main()
