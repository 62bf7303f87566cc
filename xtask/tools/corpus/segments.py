"""A JPEG as segments, to take apart and put together in ways that encoders do not. Source: ITU-T T.81, annex B."""

SOI, EOI, SOS, DQT, DHT, DRI, DNL = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD, 0xDC


class Segments:
    """The segments of a file as [marker, payload] pairs; the data of a scan follows as [None, data]."""

    def __init__(self, data):
        self.list = []
        at = 2
        while True:
            marker = data[at + 1]
            if marker == EOI:
                break
            end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
            self.list.append([marker, data[at + 4 : end]])
            at = end
            if marker == SOS:
                while not (data[at] == 0xFF and data[at + 1] != 0 and not 0xD0 <= data[at + 1] <= 0xD7):
                    at += 1
                self.list.append([None, data[end:at]])

    def join(self, fill=b"", tail=b"\xff\xd9"):
        """The file, with these bytes before each marker and at its end."""
        out = [b"\xff\xd8"]
        for marker, payload in self.list:
            if marker is None:
                out.append(payload)
            else:
                out.append(fill + bytes([0xFF, marker]) + (len(payload) + 2).to_bytes(2, "big") + payload)
        return b"".join(out) + tail

    def index(self, wanted):
        """Where the first segment of a marker is."""
        return next(at for at, (marker, _) in enumerate(self.list) if marker in wanted)

    def frame(self):
        """The frame header, as a list to change."""
        return self.list[self.index(range(0xC0, 0xC4))]

    def merge(self, marker):
        """Puts all tables of a kind into one segment, where the first of them is."""
        at = self.index([marker])
        payload = b"".join(payload for found, payload in self.list if found == marker)
        rest = [pair for pair in self.list if pair[0] != marker]
        self.list = rest[:at] + [[marker, payload]] + rest[at:]

    def insert(self, at, marker, payload):
        """Adds a segment."""
        self.list.insert(at, [marker, payload])
