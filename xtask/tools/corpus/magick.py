"""ImageMagick."""

from folder import run


def make(corpus, convert):
    """Writes its files."""

    def magick(name, source, *options):
        path = corpus.path("imagemagick", name)
        run(convert, corpus.work / f"{source}.png", *options, f"jpeg:{path}")

    for source in ("astronaut", "chelsea", "noise", "one", "seventeen", "checker"):
        magick(f"{source}-default", source)
        magick(f"{source}-quality-95", source, "-quality", "95")
    for factors in ("1x1", "2x1", "1x2", "2x2", "4x1", "4x2", "4x1,1x1,1x1", "2x2,1x2,1x2"):
        name = factors.replace(",", "-")
        magick(f"coffee-{name}", "coffee", "-sampling-factor", factors, "-quality", "82")
        magick(f"coffee-{name}-line", "coffee", "-sampling-factor", factors, "-interlace", "JPEG")
    magick("rocket-plane", "rocket", "-interlace", "Plane", "-quality", "70")
    magick("hubble-gray", "hubble", "-colorspace", "Gray")
    magick("hubble-gray-progressive", "hubble", "-colorspace", "Gray", "-interlace", "JPEG")
    magick("hubble-cmyk", "hubble", "-colorspace", "CMYK", "-quality", "88")
    magick("hubble-cmyk-progressive", "hubble", "-colorspace", "CMYK", "-interlace", "JPEG")
    magick("seventeen-cmyk-2x2", "seventeen", "-colorspace", "CMYK", "-sampling-factor", "2x2")
    magick("chelsea-not-optimized", "chelsea", "-define", "jpeg:optimize-coding=false")
    magick("chelsea-float", "chelsea", "-define", "jpeg:dct-method=float", "-quality", "99")
    magick("chelsea-extent", "chelsea", "-define", "jpeg:extent=9kb")
    magick("chelsea-comment", "chelsea", "-comment", "a comment", "-density", "300")
