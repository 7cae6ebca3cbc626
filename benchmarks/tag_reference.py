"""What suggested tags are compared with: a stack of known methods, and three plain ones.

The reference sees a paper's title and text, the first 1,500 characters of both, and its title
alone. Ten sources speak: the vote of the 20 nearest papers and ridge regression, each by vectors
(multilingual-e5-small, centred by language) and by tf-idf of 2 to 4 characters, each on text
and on title; the tag's words in the text; the nearness of the tag's name. A logistic
regression weighs them. It learns from other papers than it is asked about, and from sources
that had a tenth of the papers hidden at a time: in leave-one-out ones the count of a tag is
one lower where it is right, and a model could go by that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from papersim.encode import load_encoder
from papersim.language import language_of
from papersim.rank.center import LanguageMeans
from papersim.rank.tag_forms import tag_terms
from papersim.rank.terms import terms
from papersim.suggest.fit import folds
from papersim.suggest.quality import measures

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from papersim.suggest.taught import Taught

    Matrix = NDArray[np.float32]
    Rows = NDArray[np.intp]
    Sources = dict[str, Matrix]

__all__ = ["Seen", "baselines", "gain_over", "reference", "seen_of"]

_LONGEST = 1500
_NEIGHBOURS = 20
_TEMPERATURE = 0.1
_PENALTY = {"dense": 1.0, "characters": 1.0}
_CANDIDATES = 20


@dataclass(frozen=True)
class Seen:
    """What the reference sees of papers: their texts, cosines by each view, and tags' names.

    ``cosines`` have shape (papers, papers), all others (papers, tags): ``words`` is the share of
    a tag's words that a text holds, ``rows`` whether it has them in a row.
    """

    cosines: dict[str, Matrix]
    words: Matrix
    rows: Matrix
    names: Matrix
    carries: Matrix


def seen_of(taught: Taught, kept: Path) -> Seen:
    """Return what is seen of a vault; vectors are embedded once and kept in a file."""
    titles = [paper.title for paper in taught.papers]
    texts = [paper.text[:_LONGEST] for paper in taught.papers]
    vectors = _vectors([*texts, *titles], kept)
    of_texts, of_titles = vectors[: len(texts)], vectors[len(texts) :]
    cosines = {
        "dense": of_texts @ of_texts.T,
        "characters": _by_characters(texts),
        "dense title": of_titles @ of_titles.T,
        "characters title": _by_characters(titles),
    }
    words, rows = _words(taught.tags, texts)
    return Seen(cosines, words, rows, of_texts @ taught.names.T, taught.carries)


def _vectors(texts: list[str], kept: Path) -> Matrix:
    """Return vectors of passages, centred by language."""
    raw = None
    if kept.is_file():
        with np.load(kept) as found:
            if found["texts"].tolist() == texts:
                raw = np.asarray(found["vectors"], np.float32)
    if raw is None:
        raw = load_encoder().encode_passages(texts)
        np.savez(kept, texts=np.asarray(texts), vectors=raw)
    languages = [language_of(text) for text in texts]
    centred = np.empty_like(raw)
    for half in (slice(0, len(texts) // 2), slice(len(texts) // 2, None)):
        means = LanguageMeans.fit(raw[half], languages[half])
        centred[half] = means.center(raw[half], languages[half])
    return centred


def _by_characters(texts: Sequence[str]) -> Matrix:
    from sklearn.feature_extraction.text import TfidfVectorizer

    analyser = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True)
    found = analyser.fit_transform(texts)
    return np.asarray((found @ found.T).toarray(), np.float32)


def _words(tags: Sequence[str], texts: Sequence[str]) -> Matrix:
    """Return the share of each tag's words in each text, and whether they stand there in a row."""
    own = [tag_terms(tag) for tag in tags]
    found = np.zeros((2, len(texts), len(tags)), np.float32)
    for number, text in enumerate(texts):
        ordered = terms(text)
        bag, flat = set(ordered), _flat(ordered)
        found[0, number] = [len(bag & set(words)) / max(1, len(set(words))) for words in own]
        found[1, number] = [bool(words) and _flat(words) in flat for words in own]
    return found


def _flat(words: Sequence[str]) -> str:
    return "\0" + "\0".join(words) + "\0"


# --- sources ------------------------------------------------------------------------------------


def _sources(seen: Seen, parts: Iterable[Rows]) -> Sources:
    """Return what each source says of all papers; those of a part are hidden from one another."""
    carries = seen.carries
    found: Sources = {"words": seen.words, "rows": seen.rows, "names": seen.names}
    inverses = {name: _inverse(name, near) for name, near in seen.cosines.items()}
    for name in seen.cosines:
        found[f"{name} vote"], found[f"{name} ridge"] = np.zeros((2, *carries.shape), np.float32)
    for rows in parts:
        for name, near in seen.cosines.items():
            found[f"{name} vote"][rows] = _votes(near, rows) @ carries
            found[f"{name} ridge"][rows] = _ridge(inverses[name], carries, rows)
    return found


def _inverse(name: str, near: Matrix) -> NDArray[np.float64]:
    penalty = _PENALTY[name.split(" ", 1)[0]]
    return np.asarray(np.linalg.inv(near.astype(np.float64) + penalty * np.eye(len(near))))


def _ridge(inverse: NDArray[np.float64], carries: Matrix, rows: Rows) -> NDArray[np.float64]:
    """Return the scores of some papers by a ridge regression that has not seen them."""
    hidden = inverse[np.ix_(rows, rows)]
    return np.asarray(carries[rows] - np.linalg.solve(hidden, inverse[rows] @ carries))


def _votes(near: Matrix, hidden: Rows) -> Matrix:
    """Return the weights of the 20 nearest papers, of those that are not hidden."""
    own = near[hidden].copy()
    own[:, hidden] = -np.inf
    if own.shape[1] - len(hidden) > _NEIGHBOURS:
        own[own < np.partition(own, -_NEIGHBOURS, axis=1)[:, -_NEIGHBOURS, None]] = -np.inf
    weights = np.exp((own - own.max(axis=1, keepdims=True)) / _TEMPERATURE)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def _carried(carries: Matrix, parts: Iterable[Rows]) -> NDArray[np.bool_]:
    """Return which tags papers carry that are not hidden, by paper and tag."""
    counts, found = carries.sum(axis=0), np.zeros(carries.shape, np.bool_)
    for rows in parts:
        found[rows] = counts - carries[rows].sum(axis=0) > 0
    return found


def _alone(count: int) -> list[Rows]:
    return [np.asarray([row]) for row in range(count)]


# --- rankings -----------------------------------------------------------------------------------


def reference(seen: Seen) -> Matrix:
    """Return the stack's confidence in each tag, learnt from all other papers; 0: not looked at."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    parts, alone = folds(len(seen.carries)), _alone(len(seen.carries))
    learnt, asked = _sources(seen, parts), _sources(seen, alone)
    listed = _listed(learnt, _carried(seen.carries, parts))
    wanted = _listed(asked, _carried(seen.carries, alone))
    confidence = np.zeros(seen.carries.shape, np.float32)
    for rows in parts:
        others, own = listed.copy(), np.zeros_like(wanted)
        others[rows], own[rows] = False, wanted[rows]
        scaler = StandardScaler()
        model = LogisticRegression(max_iter=500)
        model.fit(scaler.fit_transform(_columns(learnt, others)), seen.carries[others] > 0)
        confidence[own] = model.predict_proba(scaler.transform(_columns(asked, own)))[:, 1]
    return confidence


def _columns(sources: Sources, pairs: NDArray[np.bool_]) -> Matrix:
    return np.stack([sources[name][pairs] for name in sorted(sources)], axis=1)


def _listed(sources: Sources, carried: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pairs to look at: the 20 best of each source on the text, and tags in the text."""
    listed = sources["words"] >= 1
    for name in ("dense vote", "dense ridge", "characters vote", "characters ridge", "names"):
        values = np.where(carried, sources[name], -np.inf)
        if values.shape[1] > _CANDIDATES:
            listed |= values >= np.partition(values, -_CANDIDATES, axis=1)[:, -_CANDIDATES, None]
        else:
            listed |= True
    return np.asarray(listed & carried)


def baselines(seen: Seen) -> Sources:
    """Return plain rankings: tags by use, by their words in the text, by the vote of vectors."""
    alone = _alone(len(seen.carries))
    carried = _carried(seen.carries, alone)
    counts = seen.carries.sum(axis=0) - seen.carries
    votes = np.concatenate([_votes(seen.cosines["dense"], row) for row in alone]) @ seen.carries
    # Words in a row come before the same words apart, and more common tags before others.
    words = ((seen.words >= 1) + seen.rows) * (1 + counts / (1 + counts.max()))
    found = {"most used": counts, "tag's words in the text": words, "e5 vote": votes}
    return {name: np.where(carried, s, 0).astype(np.float32) for name, s in found.items()}


def gain_over(theirs: Matrix, ours: Matrix, carries: Matrix) -> tuple[float, float, float]:
    """Return by how much our nDCG@5 is above theirs, and between what it lies for 95% of draws.

    The draws are of papers, with replacement (the bootstrap, Efron 1979).
    """
    each = [_ndcg(o, c) - _ndcg(t, c) for t, o, c in zip(theirs, ours, carries, strict=True)]
    drawn = np.random.default_rng(0).choice(each, (2000, len(each))).mean(axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(np.mean(each)), float(low), float(high)


def _ndcg(confidence: Matrix, carries: Matrix) -> float:
    return measures(confidence[None, :], carries[None, :]).ndcg_at_5 or 0.0
