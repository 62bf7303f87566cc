"""Frames of ffmpeg's Motion JPEG."""

from folder import run


def make(corpus, ffmpeg):
    """Writes its files."""

    def frame(name, source, *options, codec="mjpeg", maker="ffmpeg"):
        path = corpus.path(maker, name)
        run(
            ffmpeg, "-hide_banner", "-loglevel", "error", "-nostdin", "-y", "-threads", "1", "-bitexact",
            "-i", corpus.work / f"{source}.png", "-frames:v", "1", "-c:v", codec, "-flags", "+bitexact", *options,
            "-f", "image2", "-update", "1", path,
        )  # fmt: skip

    for pixels in ("yuvj420p", "yuvj422p", "yuvj444p"):
        for quality in ("2", "5", "20"):
            frame(f"chelsea-{pixels}-{quality}", "chelsea", "-pix_fmt", pixels, "-q:v", quality)
        default = ("-pix_fmt", pixels, "-huffman", "default")
        frame(f"rocket-{pixels}-default-tables", "rocket", *default)
        frame(f"seventeen-{pixels}", "seventeen", "-pix_fmt", pixels)
        frame(f"noise-{pixels}", "noise", "-pix_fmt", pixels, "-q:v", "1", "-qmin", "1")
    for source in ("one", "wide", "checker", "flat"):
        frame(f"{source}-yuvj420p", source, "-pix_fmt", "yuvj420p")
    for slices in ("2", "4"):
        frame(f"rocket-slices-{slices}", "rocket", "-pix_fmt", "yuvj420p", "-slices", slices, "-threads", slices)
    frame("rocket-limited-range", "rocket", "-pix_fmt", "yuv420p", "-strict", "unofficial")
    frame("ffmpeg-lossless", "rocket-small", "-pix_fmt", "bgr24", codec="ljpeg", maker="rare")
