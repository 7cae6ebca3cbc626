"""Similar papers: what moves the ranking, what must not, and whether people would agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conftest import Vault
from papersim import Filters
from papersim.rank.fusion import DEFAULT_WEIGHTS, Weights

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conftest import Cli
    from papersim import Library
    from papersim.model import Hit


@pytest.fixture(scope="module")
def library(sample: Vault) -> Library:
    return sample.open()


def titles(hits: Sequence[Hit]) -> list[str]:
    return [hit.paper.title for hit in hits]


def fused(hit: Hit) -> float:
    return sum(value for _, value in hit.sources)


NO_TAGS = DEFAULT_WEIGHTS.without("tags")

# --- by facet -----------------------------------------------------------------------------------

# Two tasks, two methods: images and sound, by contrast and by diffusion.
FACETS = {
    "Contrast for Images": (
        "#vision",
        "Photos carry no labels, and labelling millions of pictures of animals is expensive.",
        "Two views of the same example attract each other, all other examples of the batch repel.",
    ),
    "Diffusion for Images": (
        "#vision",
        "Generated pictures of animals are blurred, and labelled photos of them are expensive.",
        "Noise is added step by step and a network learns to take it off again.",
    ),
    "Pixels without Names": (
        "#vision",
        "Labels for photos of animals and pictures of streets are scarce and expensive.",
        "Patches are hidden and a network guesses what stood there.",
    ),
    "Contrast for Sound": (
        "#audio",
        "Recordings of birds and engines come without a transcript.",
        "Two cuts of the same example attract each other, all other examples of the batch repel.",
    ),
    "Diffusion for Sound": (
        "#audio",
        "Synthetic voices sound like robots when the microphone was bad.",
        "Noise is added step by step and a network learns to take it off again.",
    ),
    "Counting Syllables": (
        "#audio",
        "Speech therapists count syllables by hand from tapes.",
        "Peaks of the loudness curve are counted after smoothing.",
    ),
}


@pytest.fixture(scope="module")
def facets(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    vault = Vault(tmp_path_factory.mktemp("facets"))
    for title, (tags, background, method) in FACETS.items():
        vault.write(
            f"{title}.md",
            f"# {title}\n{tags}\n\n- **Background**: {background}\n- **Method**: {method}\n",
        )
    vault.update()
    return vault


@pytest.mark.parametrize(
    ("title", "tag", "expected"),
    [
        ("Contrast for Images", "vision", "Contrast for Sound"),
        ("Diffusion for Images", "vision", "Diffusion for Sound"),
        ("Contrast for Sound", "audio", "Contrast for Images"),
        ("Diffusion for Sound", "audio", "Diffusion for Images"),
    ],
)
def test_the_same_method_on_another_task(
    facets: Vault, cli: Cli, title: str, tag: str, expected: str
) -> None:
    """What nobody finds by keywords: `similar X --by method --not-tag T`."""
    asked = ("similar", title, "--by", "method", "--not-tag", tag, "--json")
    hits = cli.at(facets, *asked).json["hits"]
    assert hits[0]["paper"]["title"] == expected
    assert all(tag not in hit["paper"]["tags"] for hit in hits)
    for hit in hits:
        for evidence in hit["evidence"]:
            assert evidence["section"]["kinds"] == evidence["query"]["kinds"] == ["method"]


def test_by_compares_those_sections_and_no_others(facets: Vault, tmp_path: Path) -> None:
    """Rewriting every background leaves the order by method as it is; by background it turns."""
    copy = Vault(tmp_path / "copy")
    texts = [background for _, background, _ in FACETS.values()]
    turned = dict(zip(FACETS, texts[3:] + texts[:3], strict=True))
    for title, (tags, _, method) in FACETS.items():
        copy.write(
            f"{title}.md",
            f"# {title}\n{tags}\n\n- **Background**: {turned[title]}\n- **Method**: {method}\n",
        )
    copy.update()
    before, after = facets.open(), copy.open()
    by_background = []
    for title in FACETS:
        old, new = (one.similar(title, by=("method",)) for one in (before, after))
        assert titles(old)[0] == titles(new)[0]
        both = [titles(one.similar(title, by=("background",))) for one in (before, after)]
        by_background.append(both[0] != both[1])
    assert any(by_background)


# --- tags ---------------------------------------------------------------------------------------


def test_ignored_tags_are_ignored(small: Vault, tmp_path: Path) -> None:
    """As if nobody had tagged anything: new tags on papers with text change no order then.

    So that a list is no echo of one's own tags, and can be measured by them.
    """
    other = Vault(tmp_path / "other")
    library = small.open()
    with_text = {d.paper.note for d in library.papers() if d.sections}
    for file in sorted(small.notes.rglob("*.md")):
        path = file.relative_to(small.notes).as_posix()
        text = file.read_text()
        if path in with_text:
            for tag in ("#diffusion", "#sentence_embedding", "PEFT", "retrieval", "音声]"):
                text = text.replace(tag, tag.replace("]", "") + "x" + ("]" if "]" in tag else ""))
            text = text.replace("#Text23D", "#sparse_input")
        other.write(path, text)
    other.update()
    changed = other.open()
    assert {t.tag for t in changed.tags()} != {t.tag for t in library.tags()}
    differs = False
    for detail in library.papers():
        if not detail.sections:
            continue
        paper = detail.paper
        plain = titles(library.similar(paper, k=50, weights=NO_TAGS))
        assert titles(changed.similar(paper.title, k=50, weights=NO_TAGS)) == plain
        hits = library.similar(paper, k=50), changed.similar(paper.title, k=50)
        sums = [{h.paper.title: fused(h) for h in one} for one in hits]
        differs = differs or sums[0] != pytest.approx(sums[1], abs=0.01)
    assert differs, "tags that are not ignored do count"


def test_ignore_tags_from_the_command_line(sample: Vault, cli: Cli) -> None:
    asked = ("similar", "DreamFusion", "--json", "-k", "50")
    plain = cli.at(sample, *asked).json["hits"]
    without = cli.at(sample, *asked, "--ignore-tags").json["hits"]

    def by_tags(hits: list[dict[str, Any]]) -> list[float]:
        return [s["added"] for hit in hits for s in hit["sources"] if s["source"] == "tags"]

    assert max(by_tags(plain)) > 0
    assert by_tags(without) == []
    # What is shared is still shown: the list ignores tags, the reader need not.
    assert any(hit["shared_tags"] for hit in without)


def test_shared_tags_raise_a_paper(library: Library) -> None:
    query = library.find("DreamFusion")
    hits = library.similar(query, k=100)
    with_tags, sharing = titles(hits), [h.paper.title for h in hits if h.shared_tags]
    without = titles(library.similar(query, k=100, weights=NO_TAGS))
    assert sum(map(with_tags.index, sharing)) < sum(map(without.index, sharing))


# --- links --------------------------------------------------------------------------------------

PLAIN = {
    "Rivers": "Water levels of rivers are forecast from rain gauges in the hills.",
    "Bridges": "Steel bridges are inspected by drones that look for rust.",
    "Bakeries": "Dough rises at another speed in winter; ovens are set by a model.",
    "Chess": "Openings are grouped by the shape of the pawns.",
    "Glass": "Old windows are dated by the bubbles in their panes.",
    "Bees": "Dances of bees are read from videos of the hive.",
}


def linked(empty: Vault, lines: dict[str, str]) -> Library:
    for title, text in PLAIN.items():
        empty.write(f"{title}.md", f"# {title} Observed\n\n{text}\n{lines.get(title, '')}\n")
    empty.update()
    return empty.open()


def place(library: Library, query: str, other: str) -> int:
    return titles(library.similar(f"{query}.md")).index(f"{other} Observed")


def test_a_link_and_a_shared_target_raise_a_paper(empty: Vault) -> None:
    """What the user tied together by hand belongs together, whatever the words say."""
    before = linked(empty, {})
    sums = {h.paper.title: fused(h) for h in before.similar("Rivers.md")}
    start = {pair: place(before, *pair) for pair in (("Rivers", "Glass"), ("Glass", "Rivers"))}
    after = linked(empty, {"Rivers": "See [[Glass]].", "Chess": "[[topic]]", "Bees": "[[topic]]"})
    for pair, was in start.items():
        assert place(after, *pair) <= was
    hits = {h.paper.title: h for h in after.similar("Rivers.md")}
    assert dict(hits["Glass Observed"].sources)["links"] > 0
    assert fused(hits["Glass Observed"]) > sums["Glass Observed"]
    shared = {h.paper.title: dict(h.sources)["links"] for h in after.similar("Chess.md")}
    assert max(shared, key=lambda title: shared[title]) == "Bees Observed"
    assert shared["Bees Observed"] > 0 > shared["Glass Observed"]
    ignoring = DEFAULT_WEIGHTS.without("links")
    for hit in after.similar("Rivers.md", weights=ignoring):
        assert "links" not in dict(hit.sources)


# --- papers without text ------------------------------------------------------------------------


def test_papers_without_text_are_found_by_title_and_tags(library: Library) -> None:
    """A quarter of a real vault is a title, tags and an image; they are hits all the same."""
    assert "LRM: Large Reconstruction Model for Single Image to 3D" in titles(
        library.search("single image to 3D large reconstruction model", k=3)
    )
    hits = titles(library.similar("LRM: Large Reconstruction", k=5))
    about = ("3D", "NeRF", "Gaussian", "Radiance", "GAUSSIAN")
    assert sum(any(word in title for word in about) for title in hits) >= 3, hits
    video = library.similar("Stable Video Diffusion", k=5)
    assert sum("Video" in h.paper.title or "Video" in h.paper.tags for h in video) >= 3


def test_papers_without_text_are_not_neighbours_for_being_empty(library: Library) -> None:
    """Their share among the first hits of one another is about their share of the vault."""
    details = library.papers()
    bare = {d.paper.id for d in details if not d.sections}
    share = len(bare) / len(details)
    first = [h.paper.id in bare for p in bare for h in library.similar(p, k=5)]
    assert sum(first) / len(first) <= 2.5 * share


# --- across languages ---------------------------------------------------------------------------

TRANSLATED = {
    "rivers": (
        "Forecasting River Levels from Rain",
        "Rain gauges in the hills tell hours before how high the river will rise in the town.",
        "根据降雨预测河流水位",
        "山区的雨量计可以提前几个小时告诉人们，城里的河水会涨到多高。",
    ),
    "bridges": (
        "Inspecting Steel Bridges with Drones",
        "Small aircraft fly around the bridge and photograph rust and cracks in the steel.",
        "用无人机检查钢桥",
        "小型飞行器绕着桥梁飞行，拍摄钢材上的锈迹和裂缝。",
    ),
    "bread": (
        "When Is Bread Dough Ready",
        "A camera watches the dough rise and tells the baker when to put it into the oven.",
        "面团什么时候发好",
        "摄像头观察面团的发酵，并告诉面包师什么时候放进烤箱。",
    ),
    "chess": (
        "Learning Chess from Beginners' Mistakes",
        "A program explains a lost game by the first bad move and proposes a better one.",
        "从初学者的错误中学习国际象棋",
        "程序用第一步坏棋来解释输掉的对局，并给出更好的走法。",
    ),
    "bees": (
        "Reading the Dances of Honey Bees",
        "Videos of the hive show in which direction the bees have found flowers.",
        "解读蜜蜂的舞蹈",
        "蜂巢的录像显示蜜蜂在哪个方向找到了花朵。",
    ),
    "speech": (
        "Separating Speakers at a Party",
        "Several people talk at once; the voice of one is taken out of the mixed recording.",
        "在聚会上分离说话人",
        "几个人同时说话，从混合的录音中取出其中一个人的声音。",
    ),
    "meshes": (
        "Sculpting Three-Dimensional Shapes from Captions",
        "An image model scores renderings of a mesh until its shape fits the sentence.",
        "用文字描述雕刻三维形状",
        "图像模型给网格的渲染结果打分，直到形状与句子相符。",
    ),
    "law": (
        "Finding Precedents for Court Cases",
        "Lawyers search old judgements; the system ranks them by the facts of the new case.",
        "为法庭案件寻找判例",
        "律师检索旧的判决书，系统按照新案件的事实对它们排序。",
    ),
    "drugs": (
        "Predicting Side Effects of Two Drugs Together",
        "Patients who take several medicines are warned before the drugs harm each other.",
        "预测两种药物同时使用的副作用",
        "服用多种药物的病人会在药物互相伤害之前得到警告。",
    ),
    "stars": (
        "Planets around Faint Stars",
        "A planet dims the light of its star a little each time it passes in front of it.",
        "暗淡恒星周围的行星",
        "行星每次从恒星前面经过时，都会使它的光变暗一点。",
    ),
    "traffic": (
        "Traffic Lights That Talk to Each Other",
        "Neighbouring crossings agree on when to turn green, so that cars stop less often.",
        "互相通信的交通信号灯",
        "相邻的路口商定什么时候变绿，使汽车少停车。",
    ),
    "memory": (
        "Training Large Language Models with Little Memory",
        "Only two thin layers of the model are trained, the other weights stay frozen.",
        "用很少的显存训练大语言模型",
        "只训练模型中的两个薄层，其余的权重保持冻结。",
    ),
}

REPEATED = (
    "Depth along each ray regularises the field, so that three photos are enough to see a scene "
    "from a new side; training takes minutes and needs no more than one card."
)


@pytest.fixture(scope="module")
def translated(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    """Return twelve notes in two languages each, and one note that repeats itself."""
    vault = Vault(tmp_path_factory.mktemp("languages"))
    for name, (english, text, chinese, translation) in TRANSLATED.items():
        vault.write(f"{name}.en.md", f"# {english}\n\n{text}\n")
        vault.write(f"{name}.zh.md", f"# {chinese}\n\n{translation}\n")
    vault.write("query.md", "# Depth for Rays\n\nDepth keeps a field of rays in its place.\n")
    siblings = [f"## Depth for Rays {n}\n#depth\n{REPEATED}\n" for n in ("I", "II", "III", "IV")]
    vault.write("many.md", "\n".join(siblings))
    vault.update()
    return vault


def test_a_note_finds_its_translation_first(translated: Vault) -> None:
    """Raw vectors put the translation first in one case of thirty: language drowns the topic.

    Twelve notes in two languages each, so that both languages have a mean to be centred by.
    """
    library = translated.open()
    first, languages = [], []
    for paper, hits in library.similar_all(k=5):
        name, *language = paper.note.split(".")
        if name in TRANSLATED:
            first.append(hits[0].paper.note.startswith(f"{name}."))
            languages += [h.paper.note.split(".")[1:] == language for h in hits]
    assert len(first) == 24
    assert sum(first) >= 22, f"{sum(first)} of 24"
    assert sum(languages) / len(languages) < 0.8, "a list is not of one's own language alone"
    for english, _, chinese, _ in TRANSLATED.values():
        assert chinese in titles(library.search(english, k=3))


# --- siblings -----------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_one_note_does_not_fill_the_list_with_siblings(translated: Vault, k: int) -> None:
    """Four near-identical entries of one note are one answer, however short the list."""
    library = translated.open()
    hits = library.similar("query.md", k=k)
    assert [h.paper.note for h in hits].count("many.md") == 1
    assert hits[0].paper.note == "many.md"
    assert len(hits) == k
    everything = library.similar("query.md", k=100)
    assert [h.paper.note for h in everything].count("many.md") == 4, "they are not lost"
    only = library.similar("query.md", k=3, filters=Filters(paths=("many.md",)))
    assert len(only) == 3, "k come back whenever k match"


def test_papers_of_one_note_that_differ_stand_side_by_side(library: Library) -> None:
    """A daily note holds papers on one topic; they are no repeats of each other."""
    hits = library.similar("DreamGaussian", k=10)
    plain = [(h.paper.title, fused(h)) for h in hits]
    assert plain == sorted(plain, key=lambda pair: -pair[1])


# --- diversity, filters, reasons ----------------------------------------------------------------


def test_diversity_trades_relevance_for_variety(library: Library, sample: Vault, cli: Cli) -> None:
    for query in ("DreamFusion", "LoRA: Low-Rank", "Stable Video Diffusion"):
        plain = library.similar(query)
        assert library.similar(query, diversity=0.0) == plain
        varied = library.similar(query, diversity=0.8)
        assert len(varied) == len(plain)
        assert varied[0].paper == plain[0].paper, "the best is still the first"
        assert titles(varied) != titles(plain)
        assert sum(h.score for h in varied) < sum(h.score for h in plain)
    asked = ("similar", "DreamFusion", "--json")
    assert cli.at(sample, *asked, "--diversity", "0").out == cli.at(sample, *asked).out


def test_filters_come_before_the_cut(library: Library) -> None:
    """So many papers come back whenever k match, with diversity, too, and in the same order."""
    only = Filters(tags=("Gaussian-Splatting",))
    everything = library.similar("LoRA: Low-Rank", k=100)
    wanted = [h.paper.id for h in everything if "Gaussian-Splatting" in h.paper.tags]
    assert len(wanted) >= 4
    hits = library.similar("LoRA: Low-Rank", k=3, filters=only)
    assert [h.paper.id for h in hits] == wanted[:3]
    varied = library.similar("LoRA: Low-Rank", k=3, filters=only, diversity=1.0)
    assert len(varied) == 3
    assert {h.paper.id for h in varied} <= set(wanted)


WEIGHTS = [DEFAULT_WEIGHTS, NO_TAGS, Weights(dense=1, lexical=0, title=0, tags=0, links=0)]


@pytest.mark.parametrize("weights", WEIGHTS, ids=["default", "no tags", "dense"])
def test_the_sources_add_up_to_the_order(library: Library, weights: Weights) -> None:
    """--explain shows why one is before the other: by what each source gave."""
    for query in ("DreamFusion", "ReAct", "LRM: Large"):
        hits = library.similar(query, k=100, weights=weights)
        sums = [fused(hit) for hit in hits]
        assert sums == pytest.approx(sorted(sums, reverse=True), abs=0.005)
        scores = [hit.score for hit in hits]
        assert scores == sorted(scores, reverse=True)
        named = {name for name, _ in hits[0].sources}
        assert named == {s for s in ("dense", "lexical", "title", "tags", "links") if weights.of(s)}


def test_explain_names_sections_and_sources(sample: Vault, cli: Cli) -> None:
    shown = cli.at(sample, "similar", "DreamFusion", "-k", "2", "--explain").out
    for source in ("dense", "lexical", "tags"):
        assert source in shown
    assert "研究方法" in shown
