"""A model by name, loaded when it is first needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from papersim.encode import BUNDLED, load_encoder

if TYPE_CHECKING:
    from papersim.encode.protocol import Encoder

__all__ = ["Model"]


@dataclass
class Model:
    """The name of an encoder, and the encoder once it was asked for."""

    name: str = BUNDLED
    _encoder: Encoder | None = field(default=None, repr=False)

    def load(self) -> Encoder:
        """Return the encoder, the same at each call; raises EncoderError if it cannot be had."""
        if self._encoder is None:
            self._encoder = load_encoder(self.name)
        return self._encoder
