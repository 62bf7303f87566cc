"""libjpeg-turbo by its own programs."""

from folder import run

SAMPLINGS = {
    "444": "1x1",
    "422": "2x1",
    "440": "1x2",
    "420": "2x2",
    "411": "4x1",
    "410": "4x2",
    "441": "1x4",
    "uneven": "2x2,2x1,1x2",
    "chroma-finer": "1x1,2x2,2x2",
    "luma-only-finer": "2x1,1x1,2x1",
    "3x1": "3x1",
}

# Sequential files of several scans, and progressive ones that others do not write.
SCRIPTS = {
    "each": "0; 1; 2;",
    "luma-then-chroma": "0; 1 2;",
    "two-then-one": "0 1; 2;",
    "spectral-only": "0 1 2: 0-0, 0, 0; 0: 1-5, 0, 0; 0: 6-63, 0, 0; 1: 1-63, 0, 0; 2: 1-63, 0, 0;",
    "many-bits": "0 1 2: 0-0, 0, 4; 0 1 2: 0-0, 4, 3; 0 1 2: 0-0, 3, 2; 0 1 2: 0-0, 2, 1; 0 1 2: 0-0, 1, 0;"
    " 0: 1-63, 0, 3; 0: 1-63, 3, 2; 0: 1-63, 2, 1; 0: 1-63, 1, 0; 1: 1-63, 0, 0; 2: 1-63, 0, 0;",
}

# Those that leave something out.
INCOMPLETE = {
    "dc-only": "0 1 2: 0-0, 0, 0;",
    "no-last-bit": "0 1 2: 0-0, 0, 1; 0: 1-63, 0, 1; 1: 1-63, 0, 1; 2: 1-63, 0, 1;",
    "no-red": "0: 0-0, 0, 0; 1: 0-0, 0, 0; 2: 0-0, 0, 0; 0: 1-63, 0, 0; 1: 1-63, 0, 0;",
}


def make(corpus, names):
    """Writes files of cjpeg and jpegtran."""

    def cjpeg(name, source, *options, maker="libjpeg-turbo"):
        data = run("cjpeg", *options, corpus.work / f"{source}.ppm")
        corpus.add(maker, name, data)

    for source in names:
        cjpeg(f"{source}-default", source)
        cjpeg(f"{source}-optimized", source, "-optimize", "-quality", "85")
        cjpeg(f"{source}-progressive", source, "-progressive", "-quality", "80")
    for quality in (1, 5, 15, 30, 50, 70, 90, 95, 98, 100):
        source = ("astronaut", "chelsea", "noise")[quality % 3]
        cjpeg(f"{source}-quality-{quality}", source, "-quality", quality)
    for name, factors in SAMPLINGS.items():
        cjpeg(f"chelsea-{name}", "chelsea", "-sample", factors, "-quality", "88")
        cjpeg(f"chelsea-{name}-optimized-restarts", "chelsea", "-sample", factors, "-optimize", "-restart", "3B")
        cjpeg(f"seventeen-{name}-progressive", "seventeen", "-sample", factors, "-progressive")
    for name, interval in {"row": "1", "two-rows": "2", "mcu": "1B", "seven": "7B", "larger": "65000B"}.items():
        cjpeg(f"rocket-restart-{name}", "rocket", "-restart", interval)
        cjpeg(f"rocket-small-restart-{name}-progressive", "rocket-small", "-restart", interval, "-progressive")
    for name, script in SCRIPTS.items():
        file = corpus.work / f"{name}.scans"
        file.write_text(script, encoding="ascii")
        cjpeg(f"coffee-scans-{name}", "coffee", "-scans", file)
        cjpeg(f"sixteen-scans-{name}-444", "sixteen", "-scans", file, "-sample", "1x1", "-quality", "95")
    for name, script in INCOMPLETE.items():
        file = corpus.work / f"{name}.scans"
        file.write_text(script, encoding="ascii")
        cjpeg(f"coffee-scans-{name}", "coffee", "-scans", file, maker="rare")
        cjpeg(f"sixteen-scans-{name}-444", "sixteen", "-scans", file, "-sample", "1x1", maker="rare")
    cjpeg("coffee-scans-each-restarts", "coffee", "-scans", corpus.work / "each.scans", "-restart", "5B")
    for source in ("astronaut", "one", "seven", "checker"):
        cjpeg(f"{source}-gray", source, "-grayscale")
        cjpeg(f"{source}-gray-2x2", source, "-grayscale", "-sample", "2x2")
        cjpeg(f"{source}-gray-progressive", source, "-grayscale", "-progressive")
        cjpeg(f"{source}-gray-optimized-restarts", source, "-grayscale", "-optimize", "-restart", "4B")
        cjpeg(f"{source}-rgb", source, "-rgb")
        cjpeg(f"{source}-rgb-optimized", source, "-rgb", "-optimize")
    cjpeg("astronaut-rgb-progressive", "astronaut", "-rgb", "-progressive")
    cjpeg("hubble-dct-float", "hubble", "-dct", "float")
    cjpeg("hubble-dct-fast", "hubble", "-dct", "fast")
    cjpeg("hubble-smooth", "hubble", "-smooth", "50")
    cjpeg("hubble-own-tables", "hubble", "-quality", "90,40", "-sample", "1x1")
    cjpeg("hubble-wide-tables", "hubble", "-quality", "1")
    cjpeg("hubble-baseline-tables", "hubble", "-quality", "1", "-baseline")
    cjpeg("hubble-targa-order", "hubble", "-optimize", "-quality", "97", "-sample", "1x1")
    cjpeg("astronaut-arithmetic", "astronaut", "-arithmetic", maker="rare")
    cjpeg("astronaut-arithmetic-progressive", "astronaut", "-arithmetic", "-progressive", maker="rare")

    def jpegtran(name, source, *options):
        path = corpus.folder / "libjpeg-turbo" / f"{source}.jpg"
        corpus.add("libjpeg-turbo", f"tran-{name}", run("jpegtran", *options, path))

    jpegtran("optimized", "chelsea-420", "-optimize", "-copy", "all")
    jpegtran("to-progressive", "chelsea-420", "-progressive")
    jpegtran("to-sequential", "rocket-progressive", "-copy", "none")
    jpegtran("gray", "chelsea-422", "-grayscale")
    jpegtran("rotated", "chelsea-422", "-rotate", "90")
    jpegtran("rotated-440", "chelsea-440", "-rotate", "270", "-optimize")
    jpegtran("flipped", "astronaut-default", "-flip", "horizontal")
    jpegtran("transposed", "chelsea-411", "-transpose")
    jpegtran("cropped", "rocket-default", "-crop", "205x117+32+48")
    jpegtran("restarts", "rocket-default", "-restart", "11B", "-copy", "all")
