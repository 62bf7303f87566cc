"""The corpus's folder: files by name, each written once."""

import subprocess
from pathlib import Path


class Corpus:
    """Collects JPEGs by maker and name."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.work = self.folder / "inputs"
        self.work.mkdir(parents=True, exist_ok=True)

    def path(self, maker, name):
        """Where a file of this maker is to be written."""
        path = self.folder / maker / f"{name}.jpg"
        path.parent.mkdir(exist_ok=True)
        if path.exists():
            raise ValueError(f"{maker}/{name} is made twice")
        return path

    def add(self, maker, name, data):
        """Writes a file."""
        self.path(maker, name).write_bytes(data)

    def read(self, maker, name):
        """A file that is there already."""
        return (self.folder / maker / f"{name}.jpg").read_bytes()


def run(*arguments, **options):
    """What a program writes on standard output; it must succeed, and what it complains of is shown."""
    arguments = [str(argument) for argument in arguments]
    done = subprocess.run(arguments, capture_output=True, check=False, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{arguments} ended with {done.returncode}:\n{done.stderr.decode(errors='replace')}")
    return done.stdout
