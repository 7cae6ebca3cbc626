"""What can go wrong, in one tree.

PapersimError                what a user can cause; one line that names the next command
├── ConfigError              a setting that cannot be used
├── VaultError               the folder of notes cannot be read or written
├── EditError                a note cannot be edited so that it is read back as meant
│   └── UnwritableTagError   a tag's new name cannot be written where the old one stands
├── EncoderError             a model that cannot be had or does not work
├── IndexUnusableError       the index cannot be used as it is
│   ├── NoIndexError         there is none yet
│   ├── OtherNotesError      it is of another folder of notes
│   ├── ModelMismatchError   it was made with another model
│   ├── IndexBusyError       another process is writing it
│   └── DamagedIndexError    it cannot be read
├── LookupFailedError        a paper or note that is not there, or not only once
└── NothingToMeasureError    neither tags nor links to measure answers by
"""

from __future__ import annotations

__all__ = [
    "ConfigError",
    "DamagedIndexError",
    "EditError",
    "EncoderError",
    "IndexBusyError",
    "IndexUnusableError",
    "LookupFailedError",
    "ModelMismatchError",
    "NoIndexError",
    "NothingToMeasureError",
    "OtherNotesError",
    "PapersimError",
    "UnwritableTagError",
    "VaultError",
]


class PapersimError(Exception):
    """Base of all errors a user can cause; its text is one line and names what to run next."""


class ConfigError(PapersimError):
    """A setting from the command line, the environment or papersim.toml cannot be used."""


class VaultError(PapersimError):
    """The folder of notes, or a note in it, cannot be read or written."""


class EncoderError(PapersimError):
    """A model cannot be loaded or does not give vectors."""


class IndexUnusableError(PapersimError):
    """The index cannot be used as it is."""


class NoIndexError(IndexUnusableError):
    """There is no index yet."""


class OtherNotesError(IndexUnusableError):
    """The index is of another folder of notes."""


class ModelMismatchError(IndexUnusableError):
    """The index was made with another model."""


class IndexBusyError(IndexUnusableError):
    """Another process is writing the index."""


class DamagedIndexError(IndexUnusableError):
    """The index cannot be read."""


class LookupFailedError(PapersimError):
    """A paper or note was not found, or more than one fits."""


class EditError(PapersimError):
    """A note cannot be edited so that reading it again gives what was meant; nothing is changed."""


class UnwritableTagError(EditError):
    """A tag's new name cannot be written where the old one stands."""


class NothingToMeasureError(PapersimError):
    """There are neither tags nor links to measure answers by."""
