"""Files that are allowed but rare, and files that are broken: made from whole ones, byte by byte."""

import io

from PIL import Image

from segments import DHT, DQT, DRI, EOI, SOS, Segments


def make(corpus):
    """Writes both kinds."""
    rare(corpus)
    broken(corpus)


def rare(corpus):
    """What every decoder must take."""
    plain = corpus.read("libjpeg-turbo", "chelsea-default")
    optimized = corpus.read("libjpeg-turbo", "chelsea-optimized")
    progressive = corpus.read("libjpeg-turbo", "chelsea-progressive")
    restarts = corpus.read("libjpeg-turbo", "rocket-restart-mcu")

    def add(name, data):
        corpus.add("rare", name, data)

    def change(name, data, edit, **options):
        segments = Segments(data)
        edit(segments)
        add(name, segments.join(**options))

    for name, data in {"plain": plain, "optimized": optimized, "progressive": progressive, "restarts": restarts}.items():
        change(f"{name}-fill-bytes", data, lambda segments: None, fill=b"\xff\xff\xff", tail=b"\xff\xff\xff\xd9")
        change(f"{name}-one-dht-one-dqt", data, lambda s: (s.merge(DQT), (name != "progressive") and s.merge(DHT)))
        change(f"{name}-twelve-segments", data, twelve_segments)
        add(f"{name}-bytes-after", data + b"and a film of 3 s" * 40)
        add(f"{name}-picture-after", data + plain)
        change(f"{name}-wide-tables", data, wide_tables)
        change(f"{name}-no-jfif", data, lambda s: s.list.pop(0))
        change(f"{name}-adobe-ycc", data, adobe(1))
        change(f"{name}-adobe-and-jfif", data, lambda s: s.insert(1, 0xEE, b"Adobe\0\x64\0\0\0\0\0"))
        change(f"{name}-component-names", data, component_names(b"\x00\x01\x22"))

    change("plain-extended", plain, lambda s: s.frame().__setitem__(0, 0xC1))
    change("plain-component-names-of-letters", plain, component_names(b"YCc"))
    change("plain-interval-larger-than-picture", plain, lambda s: s.insert(1, DRI, b"\xff\xff"))
    change("plain-interval-of-none", plain, lambda s: s.insert(1, DRI, b"\0\0"))
    change("plain-spectrum-of-none", plain, lambda s: scan_end(s, b"\0\0\0"))
    change("plain-tables-twice", plain, tables_twice)
    change("plain-unused-tables", plain, unused_tables)
    change("optimized-unused-tables", optimized, unused_tables)
    change("plain-tables-after-frame", plain, tables_last)
    change("plain-jfif-thumbnail", plain, jfif_thumbnail)
    change("plain-jfxx-thumbnail", plain, jfxx_thumbnail(plain))
    change("plain-comments-everywhere", plain, comments_everywhere)
    change("progressive-comments-everywhere", progressive, comments_everywhere)
    change("multi-scan-comments", corpus.read("libjpeg-turbo", "coffee-scans-each"), comments_everywhere)
    change("plain-two-exif", plain, lambda s: (s.insert(1, 0xE1, exif(6)), s.insert(2, 0xE1, exif(3))))
    change("plain-exif-without-orientation", plain, lambda s: s.insert(1, 0xE1, exif(None)))
    change("plain-exif-orientation-9", plain, lambda s: s.insert(1, 0xE1, exif(9)))
    change("plain-exif-before-jfif", plain, lambda s: s.insert(0, 0xE1, exif(8)))
    change("plain-exif-broken", plain, lambda s: s.insert(1, 0xE1, b"Exif\0\0II*\0\xff\xff\xff\x7f"))
    change("plain-photoshop", plain, lambda s: s.insert(1, 0xED, photoshop()))
    change("plain-long-segments", plain, lambda s: [s.insert(1, 0xE5, bytes(65_533)) for _ in range(3)])
    rgb = corpus.read("libjpeg-turbo", "astronaut-rgb")
    change("rgb-by-adobe", rgb, component_names(b"\x01\x02\x03"))
    change("rgb-by-names", rgb, lambda s: s.list.pop(s.index([0xEE])))
    change("rgb-names-but-jfif", rgb, lambda s: s.insert(0, 0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"))
    cmyk = corpus.read("pillow", "astronaut-cmyk")
    change("cmyk-without-adobe", cmyk, lambda s: s.list.pop(s.index([0xEE])))
    change("cmyk-unknown-transform", cmyk, lambda s: set_transform(s, 3))
    change("ycc-unknown-transform", plain, adobe(2))
    change("short-adobe", plain, lambda s: (s.list.pop(0), s.insert(0, 0xEE, b"Adobe\0\x64\0\0")))
    change("gray-with-colour-transform", corpus.read("libjpeg-turbo", "astronaut-gray"), adobe(1))


def broken(corpus):
    """What must end in a fallback or in a typed error, whatever decoders make of it."""
    plain = corpus.read("libjpeg-turbo", "chelsea-default")
    progressive = corpus.read("libjpeg-turbo", "chelsea-progressive")
    restarts = corpus.read("libjpeg-turbo", "rocket-restart-seven")

    def add(name, data):
        corpus.add("broken", name, data)

    def change(name, data, edit, **options):
        segments = Segments(data)
        edit(segments)
        add(name, segments.join(**options))

    for name, data in {"plain": plain, "progressive": progressive, "restarts": restarts}.items():
        add(f"{name}-without-end", data[:-2])
        for part in (1, 2, 4, 20, 300, 700, len(data) // 2):
            add(f"{name}-cut-at-{part if part < 1000 else 'half'}", data[:part])
        add(f"{name}-half-then-end", data[: len(data) // 2] + bytes([0xFF, EOI]))
        change(f"{name}-junk-between", data, lambda segments: None, fill=b"junk")
        change(f"{name}-zeros-in-data", data, lambda s: damage(s, bytes(16)))
        change(f"{name}-ones-in-data", data, lambda s: damage(s, b"\xff\0" * 8))
        change(f"{name}-bytes-at-end-of-data", data, lambda s: s.list[-1].__setitem__(1, s.list[-1][1] + b"more"))
        change(f"{name}-lossless-header", data, lambda s: s.frame().__setitem__(0, 0xC3))
        change(f"{name}-twelve-bits-header", data, lambda s: depth(s, 12))
        change(f"{name}-sixteen-bits-header", data, lambda s: depth(s, 16))
        change(f"{name}-hierarchical", data, lambda s: s.insert(0, 0xDE, s.frame()[1]))
        change(f"{name}-height-of-none", data, lambda s: frame_bytes(s, 1, b"\0\0"))
        change(f"{name}-higher-than-data", data, lambda s: frame_bytes(s, 1, b"\x03\x00"))
        change(f"{name}-lower-than-data", data, lambda s: frame_bytes(s, 1, b"\x00\x50"))
        change(f"{name}-no-huffman-tables", data, lambda s: drop(s, DHT))
        change(f"{name}-no-quantization", data, lambda s: drop(s, DQT))
        change(f"{name}-two-frames", data, lambda s: s.insert(s.index([SOS]), *s.frame()))
    number = restarts.index(b"\xff\xd3")
    add("restarts-wrong-number", restarts[:number] + b"\xff\xd5" + restarts[number + 2 :])
    add("restarts-one-missing", restarts[:number] + restarts[number + 2 :])
    change("restarts-one-more", restarts, lambda s: s.list[-1].__setitem__(1, s.list[-1][1] + b"\xff\xd5"))
    change("restarts-not-announced", restarts, lambda s: drop(s, DRI))
    change("plain-luma-scan-only", corpus.read("libjpeg-turbo", "coffee-scans-each"), first_scan_only)
    change("plain-luma-scan-only-444", corpus.read("libjpeg-turbo", "sixteen-scans-each-444"), first_scan_only)
    change("plain-luma-scan-twice", corpus.read("libjpeg-turbo", "coffee-scans-each"), first_scan_twice)
    change("two-components", plain, two_components)
    change("plain-tables-change", corpus.read("libjpeg-turbo", "coffee-scans-each"), tables_change)
    change("plain-factors-that-do-not-divide", plain, lambda s: frame_bytes(s, 7, b"\x32"))
    change("plain-factor-of-none", plain, lambda s: frame_bytes(s, 7, b"\x02"))
    change("plain-huffman-overfull", plain, lambda s: s.list[s.index([DHT])].__setitem__(1, b"\0" + b"\xff" * 300))
    change("plain-height-in-a-dnl", plain, height_in_a_dnl)
    add("nothing", b"")
    add("jpeg-in-name-only", b"GIF89a" + plain)
    add("zeros", bytes(5_000))


def twelve_segments(segments):
    for number in range(12):
        segments.insert(1, 0xE3 + number, b"Private %d\0" % number + bytes(range(256)))


def wide_tables(segments):
    """Each quantization table with 16 bits a step."""
    for pair in segments.list:
        if pair[0] == DQT:
            slot, steps = pair[1][0], pair[1][1:65]
            pair[1] = bytes([slot | 0x10]) + b"".join(bytes([0, step]) for step in steps)


def adobe(transform):
    def edit(segments):
        segments.list.pop(0)
        segments.insert(0, 0xEE, b"Adobe\0\x64\0\0\0\0" + bytes([transform]))

    return edit


def set_transform(segments, transform):
    pair = segments.list[segments.index([0xEE])]
    pair[1] = pair[1][:-1] + bytes([transform])


def component_names(names):
    def edit(segments):
        frame = segments.frame()
        data = bytearray(frame[1])
        old = {data[6 + 3 * at]: name for at, name in enumerate(names)}
        for at, name in enumerate(names):
            data[6 + 3 * at] = name
        frame[1] = bytes(data)
        for pair in segments.list:
            if pair[0] == SOS:
                scan = bytearray(pair[1])
                for at in range(scan[0]):
                    scan[1 + 2 * at] = old[scan[1 + 2 * at]]
                pair[1] = bytes(scan)

    return edit


def scan_end(segments, end):
    pair = segments.list[segments.index([SOS])]
    pair[1] = pair[1][:-3] + end


def tables_twice(segments):
    """Other tables first, and those that count before the scan."""
    at = segments.index([DHT])
    other = b"\0" + bytes([0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) + b"\0\1\2"
    segments.insert(at, DHT, other)


def unused_tables(segments):
    table = bytes([0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) + b"\0\1\2"
    segments.insert(1, DHT, b"\x03" + table + b"\x13" + table)
    segments.insert(1, DQT, b"\x03" + bytes([9] * 64))


def tables_last(segments):
    tables = [pair for pair in segments.list if pair[0] in (DQT, DHT)]
    rest = [pair for pair in segments.list if pair[0] not in (DQT, DHT)]
    segments.list = rest
    at = segments.index([SOS])
    segments.list = rest[:at] + tables + rest[at:]


def jfif_thumbnail(segments):
    segments.list[0][1] = segments.list[0][1][:12] + bytes([4, 3]) + bytes(range(36))


def jfxx_thumbnail(plain):
    def edit(segments):
        with Image.open(io.BytesIO(plain)) as image:
            small = image.resize((32, 24))
        out = io.BytesIO()
        small.save(out, "JPEG")
        segments.insert(1, 0xE0, b"JFXX\0\x10" + out.getvalue())

    return edit


def comments_everywhere(segments):
    with_comments = []
    for pair in segments.list:
        if pair[0] is not None:
            with_comments.append([0xFE, b"\xff\xd9 a comment"])
        with_comments.append(pair)
    segments.list = with_comments


def exif(orientation):
    block = Image.Exif()
    block[0x010F] = "A camera"
    if orientation is not None:
        block[0x0112] = orientation
    return block.tobytes()


def photoshop():
    record = b"\x1c\x02\x74\x00\x05(c) A"
    return b"Photoshop 3.0\x008BIM\x04\x04\0\0" + len(record).to_bytes(4, "big") + record


def damage(segments, data):
    """Overwrites bytes in the middle of the first scan's data, behind no byte of stuffing."""
    pair = next(pair for pair in segments.list if pair[0] is None)
    at = len(pair[1]) // 3
    while pair[1][at - 1] == 0xFF:
        at += 1
    pair[1] = pair[1][:at] + data + pair[1][at + len(data) :]


def depth(segments, bits):
    frame_bytes(segments, 0, bytes([bits]))


def frame_bytes(segments, at, data):
    frame = segments.frame()
    frame[1] = frame[1][:at] + data + frame[1][at + len(data) :]


def drop(segments, marker):
    segments.list = [pair for pair in segments.list if pair[0] != marker]


def first_scan_only(segments):
    at = segments.index([None])
    segments.list = segments.list[: at + 1]


def first_scan_twice(segments):
    at = segments.index([None])
    segments.list = segments.list[: at + 1] + segments.list[at - 1 : at + 1] + segments.list[at + 1 :]


def two_components(segments):
    frame = segments.frame()
    frame[1] = frame[1][:5] + b"\2" + frame[1][6:12]


def tables_change(segments):
    first = segments.index([None])
    segments.insert(first + 1, DQT, b"\0" + bytes([77] * 64))


def height_in_a_dnl(segments):
    height = segments.frame()[1][1:3]
    frame_bytes(segments, 1, b"\0\0")
    segments.list.append([0xDC, height])
