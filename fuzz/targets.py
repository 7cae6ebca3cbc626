"""The targets by name: functions of any bytes that raise where something does not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuzz.files import arrays, journal, manifest, records, rejections, settings, stamp
from fuzz.notes import reader, renamer, tagger
from fuzz.stores import store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["TARGETS"]

TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "reader": reader,
    "tagger": tagger,
    "renamer": renamer,
    "settings": settings,
    "journal": journal,
    "manifest": manifest,
    "arrays": arrays,
    "stamp": stamp,
    "records": records,
    "rejections": rejections,
    "store": store,
}
