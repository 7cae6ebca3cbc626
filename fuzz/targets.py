"""What is fuzzed: functions that take bytes and raise nothing, whatever the bytes are.

Each holds promises of docs/reliability.md: those of the property tests, or what is said at the
function. A promise that is broken is an AssertionError; so is any error that is not papersim's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuzz.files import arrays, journal, manifest, records, rejections, settings, stamp
from fuzz.notes import merging, reader, renaming, tag_writer
from fuzz.stores import store

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["TARGETS"]

TARGETS: dict[str, Callable[[bytes], None]] = {
    "reader": reader,
    "tag_writer": tag_writer,
    "renaming": renaming,
    "merging": merging,
    "settings": settings,
    "journal": journal,
    "manifest": manifest,
    "arrays": arrays,
    "stamp": stamp,
    "records": records,
    "rejections": rejections,
    "store": store,
}
