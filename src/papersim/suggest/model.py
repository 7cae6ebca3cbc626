"""What a vault's own tags teach: fitted with the index, asked for the tags of a paper."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from papersim.rank.center import normalised
from papersim.rank.lexical import Lexical
from papersim.suggest.additive import Additive
from papersim.suggest.calibration import Calibration
from papersim.suggest.evidence import evidence
from papersim.suggest.facts import Facts, Labels
from papersim.suggest.grams import learning_terms
from papersim.suggest.linear import Linear
from papersim.suggest.together import agreed
from papersim.suggest.words import TagWords

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from papersim.suggest.evidence import Signals
    from papersim.suggest.taught import Asked

    Matrix = NDArray[np.float32]
    Arrays = dict[str, NDArray[Any]]

__all__ = ["MODELS", "TagModel", "closeness", "mixed", "mixed_pair", "ordinals", "shortlist"]

MODELS = ("linear", "linear_dense", "linear_words")
_DAYS = 10.0
_BY_LINEAR, _BY_VOTE, _BY_NAME = 25, 15, 15
_ALL_WORDS = 0.99
_WORDS_SHARE = 2.0


@dataclass(frozen=True)
class TagModel:
    """A fitted model over the papers it learnt from and the tags they carry.

    By paper: ``papers`` are ids in order, ``means`` the mean vectors, ``days`` ordinals of their
    dates (0: none). By tag: ``tags``, ``names`` their embedded names. ``texts`` holds the
    terms of the papers, then those of the names. ``unpredictable`` are tags whose papers have
    nothing in common that a source can see; ``keep`` are the places of the tags to write for
    each: another one where two look alike.
    """

    papers: NDArray[np.str_]
    means: Matrix
    days: NDArray[np.int64]
    tags: NDArray[np.str_]
    names: Matrix
    texts: Lexical
    labels: Labels
    linear: Mapping[str, Linear]
    additive: Additive
    unpredictable: NDArray[np.bool_]
    keep: NDArray[np.int64]
    calibration: Calibration

    @cached_property
    def words(self) -> TagWords:
        """The words that the tags are made of."""
        return TagWords.of([str(tag) for tag in self.tags], self.texts.idf_of)

    def row(self, paper: str) -> int | None:
        """Return the row of a paper the model has learnt from, None for others."""
        row = int(np.searchsorted(self.papers, paper))
        return row if row < len(self.papers) and self.papers[row] == paper else None

    def labels_without(self, row: int | None) -> Labels:
        """Return the labels where a paper, by its row, may not speak."""
        return self.labels if row is None else self.labels.without(np.asarray([row]))

    def facts_of(self, asked: Asked) -> Facts:
        """Return what is known of one paper beside the model's own."""
        mean = normalised(asked.vectors.mean(axis=0, keepdims=True))
        cosines = self.texts.scores_of_terms(learning_terms(asked.text))[None, :]
        count = len(self.papers)
        share, title, early = self.words.found(asked.title, asked.text)[:, None, :]
        linked = np.isin(self.papers, list(asked.linked))[None, :]
        return Facts(
            dense=mean @ self.means.T,
            words=cosines[:, :count],
            dense_names=mean @ self.names.T,
            words_names=cosines[:, count:],
            name=(asked.vectors @ self.names.T).max(axis=0, keepdims=True),
            days=closeness(ordinals([asked.day]), self.days),
            links=linked.astype(np.float32),
            share=share,
            title=title,
            early=early,
        )

    def signals_of(self, facts: Facts, row: int | None) -> Signals:
        """Return the signals of one paper; one of the model's own, by its row, is not heard."""
        if row is None:
            near = mixed(facts)
            linear = {name: self.linear[name].of_new(*near[name]) for name in MODELS}
        else:
            own, carries = np.asarray([row]), self.labels.carries
            linear = {name: self.linear[name].of_known(own, carries) for name in MODELS}
        return evidence(facts, self.labels_without(row), linear)

    def confidence_of(self, signals: Signals, row: int | None) -> Matrix:
        """Return the confidence of each tag for one paper, 0 for those off the shortlist.

        Where tags nearly always stand together, the confidences agree.
        """
        labels = self.labels_without(row)
        listed = shortlist(signals, labels.counts)[0] & ~self.unpredictable
        found = np.zeros(len(self.tags), np.float32)
        found[listed] = self.additive.confidence({n: s[0, listed] for n, s in signals.items()})
        # What stands beside an opinion tag is no reason to suggest the opinion.
        return np.where(self.unpredictable, 0, agreed(found, labels)).astype(np.float32)

    # --- as arrays ------------------------------------------------------------------------------

    def arrays(self) -> Arrays:
        """Return the model as arrays by name, without a pickle."""
        texts = {f"texts.{name}": getattr(self.texts, name) for name in Lexical.names()}
        linear = {
            f"{name}.{part}": getattr(one, part)
            for name, one in self.linear.items()
            for part in ("dual", "diagonal")
        }
        carries, phrases = (
            np.argwhere(m > 0).astype(np.int32) for m in (self.labels.carries, self.labels.phrases)
        )
        plain = json.dumps(
            {"additive": self.additive.to_json(), "calibration": self.calibration.to_json()}
        )
        return {
            "papers": self.papers,
            "means": self.means,
            "days": self.days,
            "tags": self.tags,
            "names": self.names,
            "carries": carries,
            "phrases": phrases,
            "name_mean": self.labels.name_mean,
            "name_spread": self.labels.name_spread,
            "unpredictable": self.unpredictable,
            "keep": self.keep,
            "plain": np.frombuffer(plain.encode(), np.uint8),
            **texts,
            **linear,
        }

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> TagModel:
        """Return the model of `arrays`. Raises KeyError, TypeError or ValueError if it is none."""
        plain = json.loads(arrays["plain"].tobytes())
        shape = len(arrays["papers"]), len(arrays["tags"])
        _check(arrays, *shape)
        labels = Labels(
            _filled(arrays["carries"], shape),
            _filled(arrays["phrases"], shape),
            arrays["name_mean"],
            arrays["name_spread"],
            np.ones(shape[0], np.bool_),
        )
        return cls(
            arrays["papers"],
            arrays["means"],
            arrays["days"],
            arrays["tags"],
            arrays["names"],
            Lexical(**{name: arrays[f"texts.{name}"] for name in Lexical.names()}),
            labels,
            {n: Linear(arrays[f"{n}.dual"], arrays[f"{n}.diagonal"]) for n in MODELS},
            Additive.of_json(plain["additive"]),
            arrays["unpredictable"],
            arrays["keep"],
            Calibration.of_json(plain["calibration"]),
        )


def mixed(facts: Facts) -> dict[str, tuple[Matrix, Matrix]]:
    """Return by linear model the cosines it works on: with the papers, and with the names."""
    papers = mixed_pair(facts.dense, facts.words)
    names = mixed_pair(facts.dense_names, facts.words_names)
    return {name: (papers[name], names[name]) for name in MODELS}


def mixed_pair(dense: Matrix, words: Matrix) -> dict[str, Matrix]:
    """Return by linear model the cosines it works on, from those of vectors and of terms."""
    both = np.asarray(dense + _WORDS_SHARE * words, np.float32)
    return dict(zip(MODELS, (both, dense, words), strict=True))


def shortlist(signals: Signals, counts: Matrix) -> NDArray[np.bool_]:
    """Return which tags are looked at closely: the best by three sources, and those in the text.

    ``counts`` are the papers that carry a tag and may speak; a tag without one is never listed.
    """
    carried = np.broadcast_to(counts > 0, signals["share"].shape)
    listed = (signals["share"] >= _ALL_WORDS) & carried
    for name, count in (("linear", _BY_LINEAR), ("vote", _BY_VOTE), ("name_here", _BY_NAME)):
        values = np.where(carried, signals[name], -np.inf)
        if values.shape[1] > count:
            least = np.partition(values, -count, axis=1)[:, -count, None]
            listed |= (values >= least) & carried
        else:
            listed |= carried
    return listed


def ordinals(days: Sequence[str | None]) -> NDArray[np.int64]:
    """Return dates as days since the year 1, 0 for none."""
    return np.asarray([date.fromisoformat(day).toordinal() if day else 0 for day in days], np.int64)


def closeness(days: NDArray[np.int64], others: NDArray[np.int64]) -> Matrix:
    """Return how near dates lie, 1 for the same day, falling off over some ten days."""
    apart = np.abs(days[:, None] - others[None, :])
    dated = (days[:, None] > 0) & (others[None, :] > 0)
    return np.where(dated, np.exp(-apart / _DAYS), 0.0).astype(np.float32)


def _check(arrays: Mapping[str, NDArray[Any]], papers: int, tags: int) -> None:
    """Raise ValueError where arrays do not belong together."""
    width = arrays["means"].shape[1:]
    shapes = {
        "papers": (papers,),
        "means": (papers, *width),
        "days": (papers,),
        "tags": (tags,),
        "names": (tags, *width),
        "name_mean": (tags,),
        "name_spread": (tags,),
        "unpredictable": (tags,),
        "keep": (tags,),
    }
    wrong = [name for name, shape in shapes.items() if arrays[name].shape != shape]
    if wrong or (tags and not 0 <= arrays["keep"].min() <= arrays["keep"].max() < tags):
        raise ValueError(f"not of one model: {', '.join(wrong) or 'keep'}")


def _filled(places: NDArray[np.int32], shape: tuple[int, int]) -> Matrix:
    found = np.zeros(shape, np.float32)
    found[places[:, 0], places[:, 1]] = 1.0
    return found
