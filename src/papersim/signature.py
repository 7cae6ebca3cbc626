"""Signatures: what papersim itself wrote down here, told from what came with someone's folder.

A folder of notes may come with an index folder, and neither is to be trusted with paths outside
of it. What names such a path is signed (HMAC-SHA-256) with a key that lies in the user's own state
folder.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

__all__ = ["is_signed", "key_file", "sign"]

_LONG = 32  # bytes


def key_file() -> Path:
    """Return where the key is: in the user's state folder. Raises RuntimeError without a home."""
    given = os.environ.get("XDG_STATE_HOME", "")
    state = Path(given) if Path(given).is_absolute() else Path.home() / ".local" / "state"
    return state / "papersim" / "signature.key"


def sign(content: bytes) -> str:
    """Return the signature of a content; empty where there is no key and none can be kept."""
    key = _key() or _new_key()
    return hmac.new(key, content, hashlib.sha256).hexdigest() if key else ""


def is_signed(content: bytes, signature: str) -> bool:
    """Return whether a signature was made here, on this very content."""
    key = _key()
    if not key:
        return False
    made = hmac.new(key, content, hashlib.sha256).hexdigest()
    return hmac.compare_digest(made.encode(), signature.encode("utf-8", "replace"))


def _key() -> bytes | None:
    try:
        key = key_file().read_bytes()
    except (OSError, RuntimeError, ValueError):
        return None
    return key if len(key) == _LONG else None


def _new_key() -> bytes | None:
    with suppress(OSError, RuntimeError, ValueError):
        file = key_file()
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(file, flags, 0o600), "wb") as opened:
            opened.write(secrets.token_bytes(_LONG))
    return _key()
