"""Plain text: what a reader would read aloud is what is embedded, nothing more and nothing less."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papersim.notes.plain import plain_text

CASES = {
    "images go, with their size": ("a ![图 0](assets/images/3f.png){width=50%} b", "a b"),
    "embedded files go": ("![[figure 1.png]] a ![[x.pdf|300]] b", "a b"),
    "an image that links": ("[![badge](b.svg)](https://x.org) a", "a"),
    "links keep their words": ("see [the paper](https://a.b/c_(d)) now", "see the paper now"),
    "brackets within a link": ("[a [b] c](u) d", "a [b] c d"),
    "bare addresses go": ("at https://arxiv.org/abs/2311.1 and <http://a.b>", "at and"),
    "wikilinks of Obsidian show the alias": ("by [[notes/nerf|the NeRF]]", "by the NeRF"),
    "wikilinks of Dendron show the alias": ("by [[the NeRF|papers.3d.nerf]]", "by the NeRF"),
    "plain wikilinks": ("[[NeRF]] and [[Mip NeRF]]", "NeRF and Mip NeRF"),
    "HTML goes, its words stay": ("<b>bold</b> and<br>not &amp; <i>it</i>", "bold and not & it"),
    "an HTML toolbar goes": ('<a class="btn" href="#">Copy</a><button>Go</button> a', "a"),
    "comments go": ("a <!-- fill\nin --> b", "a b"),
    "what only looks like HTML stays": ("for x < 3 and y > 4", "for x < 3 and y > 4"),
    "footnote residue goes": ("found¹[1] before[^2] this[3].", "found before this."),
    "hashtags at the end of a line go": ("it is fast #NeRF #a/b-c", "it is fast"),
    "a line of hashtags goes": ("#NeRF\n#三维 #x\ntext", "text"),
    "C# is no hashtag": ("in C# and F# alike", "in C# and F# alike"),
    "emphasis within emphasis": ("***a** b* and **c _d_ e**", "a b and c d e"),
    "underscores within words stay": ("snake_case and 用_3D_做", "snake_case and 用_3D_做"),
    "struck, marked, code": ("~~no~~ ==yes== `x = 1`", "no yes x = 1"),
    "bullets and headings": ("# H\n- a\n    * b\n1. c\n2) d", "H\na\nb\nc\nd"),
    "quotes and callouts": ("> [!note]+ Title\n> > body", "Title\nbody"),
    "tables": ("| a | b |\n|:--|--:|\n| 1 | 2 |", "a b\n1 2"),
    "fences go, code stays": ("```python\nx = 1\n```", "x = 1"),
    "properties of Logseq": ("id:: 64f\ncollapsed:: true\ntext", "text"),
    "all line ends": ("a\r\n\r\nb\rc", "a\nb\nc"),
}

MATH = [
    "$x_{i}^{*}$",
    "$a<b$ and $c>d$",
    "$p(x | y) = |z|$",
    "$f[1] + g_1 * h_2 * k$",
    r"$\mathbf{W}_{q}\,\hat{x}$",
    "$$x_{i} = a * b$$",
    "$S^{2}$-DMs",
]


@pytest.mark.parametrize("case", CASES)
def test_what_is_read_aloud(case: str) -> None:
    """Each of these stands in real notes, and would be noise in a vector."""
    markdown, expected = CASES[case]
    assert plain_text(markdown) == expected


@pytest.mark.parametrize("math", MATH)
def test_math_stays_as_written(math: str) -> None:
    """Stars, bars and underscores of a formula are no Markdown, and ``<`` opens no HTML tag."""
    assert plain_text(f"- **Method**: by {math} we *win*") == f"Method: by {math} we win"


def test_math_over_several_lines() -> None:
    assert plain_text("so\n$$\nx_{i} = a * b\n$$\nthen *c*") == "so\n$$\nx_{i} = a * b\n$$\nthen c"


def test_prices_are_not_math() -> None:
    """Else the emphasis between two prices would stay, or a line be kept whole."""
    assert plain_text("it costs $5 and **not** $6") == "it costs $5 and not $6"


@given(st.lists(st.sampled_from([*MATH, "a ", "*b*", "\n", "|", "\ue000", "0", "\ue001"])))
def test_math_among_anything_is_no_danger(parts: list[str]) -> None:
    """What stands in for a formula while the rest is cleaned is never taken from the note."""
    assert "\ue000" not in plain_text("".join(parts))


@given(st.text(max_size=120))
def test_lines_are_clean(text: str) -> None:
    lines = plain_text(text).split("\n")
    assert lines == [""] or all(line == " ".join(line.split()) != "" for line in lines)


@given(st.lists(st.sampled_from(["word", "三维", "NeRF", "3d", "a-b"]), min_size=1, max_size=9))
def test_plain_words_stay_as_they_are(words: list[str]) -> None:
    assert plain_text(" ".join(words)) == " ".join(words)
    assert plain_text(f"- **{' '.join(words)}**") == " ".join(words)
