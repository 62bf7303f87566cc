"""Pictures that other projects test their decoders with."""

import tarfile
from pathlib import Path, PurePosixPath

ENDINGS = (".jpg", ".jpeg", ".mpo")


def make(corpus, crates, archives):
    """Copies them out of the sources of crates (folders by name) and out of archives (by name)."""
    for name, folder in crates.items():
        paths = sorted(path for path in Path(folder).rglob("*") if path.suffix.lower() in ENDINGS)
        copy(corpus, f"from-{name}", ((path.relative_to(folder), path.read_bytes) for path in paths))
    for name, archive in archives.items():
        with tarfile.open(archive) as files:
            members = sorted((member for member in files.getmembers() if member.isfile()), key=lambda m: m.name)
            pictures = ((PurePosixPath(m.name), lambda m=m: files.extractfile(m).read()) for m in members)
            copy(corpus, f"from-{name}", pictures)


def copy(corpus, maker, pictures):
    """Copies the JPEGs among these paths; two of one name are told apart by their folders."""
    taken = set()
    for path, read in pictures:
        if path.suffix.lower() not in ENDINGS or "docs" in path.parts:
            continue
        name = path.stem if path.suffix != ".mpo" else f"{path.stem}-mpo"
        if name in taken:
            name = f"{path.parent.name}-{name}"
        taken.add(name)
        corpus.add(maker, name, read())
