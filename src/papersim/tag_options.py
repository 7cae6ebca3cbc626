"""What is asked for when tags are suggested."""

from __future__ import annotations

from dataclasses import dataclass

from papersim.errors import ConfigError

__all__ = ["TagOptions"]


@dataclass(frozen=True, slots=True)
class TagOptions:
    """How tags are suggested: at most ``k`` a paper, none below ``min_confidence``.

    None is the confidence at which F1 is best on the vault's own papers. Tags a paper has are
    left out, unless ``as_untagged``: then it gets what it would if it had none. With
    ``count_own`` they are left out after the cut to k, so that writing what is suggested and
    asking again suggests nothing more.
    """

    k: int = 5
    min_confidence: float | None = None
    as_untagged: bool = False
    count_own: bool = False

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ConfigError(f"-k {self.k} asks for nothing; it has to be 1 or more")
