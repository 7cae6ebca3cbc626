"""What a text names is the same whether the store is asked for it or all names are gone through."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import Vault
from papersim.errors import LookupFailedError
from papersim.lookup import find_paper

if TYPE_CHECKING:
    from papersim.library import Library


@pytest.fixture(scope="module")
def library(small: Vault, tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Return a library with titles that are hard to tell apart from other names."""
    vault = Vault(tmp_path_factory.mktemp("names"))
    known = small.ids()["Rank-One Updates Are Enough"]
    vault.write("a.md", "## Twin Papers\n#one\n\n## 2301.01234\n#two\n\n## notes.md\n#three\n")
    vault.write("b.md", "## TWIN papers!\nhttps://arxiv.org/abs/2401.00001\n#four\n")
    vault.write("c.md", "---\ntitle: Twin Papers\narxiv: 2402.00002\n---\n## Method\nTwo.\n")
    vault.write("d.md", f"## {known}\n#five\n\n## 单眼深度：一张照片\n")
    vault.write("e.md", "## Café ﬁne\n#six\n\n## Cafe fine again\n#seven\n")
    vault.update()
    return vault.open()


def by_going_through(library: Library, text: str) -> str | None:
    try:
        return find_paper(text, library._parts.entries)
    except LookupFailedError:
        return None


def by_asking(library: Library, text: str) -> str | None:
    try:
        return library.find(text).id
    except LookupFailedError:
        return None


def texts(library: Library) -> list[str]:
    entries = library._parts.entries
    names = [name for e in entries for name in (e.title, e.key, e.paper, e.arxiv or "", e.note)]
    return [*dict.fromkeys(names), "Twin", "twin papers", "arXiv:2401.00001v2", "ＣＡＦÉ fine", ""]


def test_every_name_and_what_is_near_it(library: Library) -> None:
    found = 0
    for name in texts(library):
        for text in (name, name.upper(), f" {name}\n", name[:-1], name + "!", f"{name} x"):
            assert by_asking(library, text) == by_going_through(library, text), text
            found += by_asking(library, text) is not None
    assert found > 60


@given(st.data())
def test_any_text(library: Library, data: st.DataObject) -> None:
    near = st.sampled_from(texts(library))
    text = data.draw(st.one_of(st.text(max_size=20), st.builds(str.__add__, near, st.text())))
    if not os.path.exists(text.partition("#")[0].strip() or "-"):  # noqa: PTH110 - of any length
        assert by_asking(library, text) == by_going_through(library, text)


def test_a_plain_title_is_found_without_going_through_all(small: Vault) -> None:
    library = small.open()
    for title in small.ids():
        library.find(title.upper())
    assert "entries" not in vars(library._parts)


def test_bytes_that_are_no_text_name_nothing(library: Library) -> None:
    with pytest.raises(LookupFailedError):
        library.find("\udce9\udcff")
