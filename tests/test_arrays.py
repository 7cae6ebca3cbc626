"""Files of arrays: what is mapped is what was packed, and what is not that is refused."""

from __future__ import annotations

import json
import mmap
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays, scalar_dtypes

from papersim.index.arrays import _MAGIC as MAGIC
from papersim.index.arrays import checksum, in_parts, let_go, mapped, packed, rows_of
from papersim.index.manifest import UNUSABLE

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

Arrays = dict[str, "NDArray[Any]"]

some = st.dictionaries(
    st.text(max_size=8), arrays(scalar_dtypes(), array_shapes(min_dims=0, min_side=0)), max_size=5
)
SAMPLE: Arrays = {
    "vectors": np.arange(60, dtype=np.float32).reshape(20, 3),
    "names": np.asarray(["a", "三维", ""]),
    "none": np.zeros((0, 4), np.uint64),
    "flags": np.asarray([True, False]),
}


def write(file: Path, content: Arrays) -> int:
    """Write a file and return the checksum of its head."""
    pieces = packed(content)
    file.write_bytes(b"".join(pieces))
    return checksum(pieces[:1])


@given(some)
def test_what_is_mapped_is_what_was_packed(
    tmp_path_factory: pytest.TempPathFactory, content: Arrays
) -> None:
    file = tmp_path_factory.mktemp("arrays") / "a"
    found = mapped(file, write(file, content))
    assert found.keys() == content.keys()
    for name, array in content.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == array.tobytes()


def test_texts_are_kept_too(tmp_path: Path) -> None:
    found = mapped(tmp_path / "a", write(tmp_path / "a", SAMPLE))
    assert found["names"].tolist() == ["a", "三维", ""]
    assert found["flags"].tolist() == [True, False]


@pytest.mark.parametrize(
    "kind", ["|O", "O", ",", "|V8", "<i4,<f8", "object", "<f3", ["<f4"], None, 4, "<U999999999"]
)
def test_kinds_that_are_no_plain_values_are_refused(tmp_path: Path, kind: object) -> None:
    """NumPy would take bytes of the file for the addresses of objects, and follow them."""
    file = tmp_path / "a"
    head = json.dumps({"a": [kind, [1], 0]}).encode()
    first = MAGIC + len(head).to_bytes(8, "little") + head
    file.write_bytes(first + bytes(64))
    with pytest.raises(UNUSABLE):
        mapped(file, checksum([first]))


def test_it_is_mapped_and_cannot_be_written_to(tmp_path: Path) -> None:
    found = mapped(tmp_path / "a", write(tmp_path / "a", SAMPLE))
    for array in found.values():
        base: object = array.base
        assert isinstance(base, mmap.mmap)
        assert not array.flags.writeable
    assert all(array.ctypes.data % 64 == 0 for array in found.values() if array.size), "aligned"
    with pytest.raises(ValueError, match="read-only"):
        found["vectors"][0] = 1


def test_a_reader_goes_on_when_the_file_has_gone(tmp_path: Path) -> None:
    """As when the index is renewed while someone asks."""
    found = mapped(tmp_path / "a", write(tmp_path / "a", SAMPLE))
    (tmp_path / "a").unlink()
    write(tmp_path / "a", {"vectors": np.zeros((20, 3), np.float32)})
    assert (found["vectors"] == SAMPLE["vectors"]).all()


# --- in parts -----------------------------------------------------------------------------------


def read(array: NDArray[Any], count: int) -> list[list[Any]]:
    return [part.tolist() for part in in_parts(array, count)]


@pytest.mark.parametrize("count", [1, 7, 20, 100])
def test_in_parts_it_is_all_there(tmp_path: Path, count: int) -> None:
    """Of a mapped file, of one that has gone, in memory, and in another order in memory."""
    content = {"before": np.arange(5000), "vectors": SAMPLE["vectors"]}
    found = mapped(tmp_path / "b", write(tmp_path / "b", content))["vectors"]
    plain = SAMPLE["vectors"].tolist()
    expected = [plain[start : start + count] for start in range(0, 20, count)]
    assert read(found, count) == expected
    assert read(found[3:], 100) == [plain[3:]]
    assert read(found.T, 100) == [SAMPLE["vectors"].T.tolist()]
    assert read(SAMPLE["vectors"], count) == expected
    (tmp_path / "b").unlink()
    assert read(found, count) == expected
    assert read(found[:0], count) == []


def test_in_parts_a_file_is_read_into_the_same_memory(tmp_path: Path) -> None:
    """However many vectors there are, no more of them are held than a part."""
    found = mapped(tmp_path / "a", write(tmp_path / "a", SAMPLE))["vectors"]
    assert len({part.ctypes.data for part in in_parts(found, 2)}) == 1


# --- what is not ----------------------------------------------------------------------------------


def test_objects_are_not_packed() -> None:
    """They would have to be pickled."""
    with pytest.raises(TypeError, match="objects"):
        packed({"a": np.asarray([{}, []], object)})


HEAD = len(packed(SAMPLE)[0])


@pytest.mark.parametrize("length", [0, 1, 15, 16, 23, 24, HEAD - 1, HEAD, HEAD + 100])
def test_a_file_cut_short_is_refused(tmp_path: Path, length: int) -> None:
    head = write(tmp_path / "a", SAMPLE)
    (tmp_path / "a").write_bytes((tmp_path / "a").read_bytes()[:length])
    with pytest.raises(UNUSABLE):
        mapped(tmp_path / "a", head)


def test_a_flipped_bit_of_the_head_is_noticed(tmp_path: Path) -> None:
    head = write(tmp_path / "a", SAMPLE)
    whole = (tmp_path / "a").read_bytes()
    for place in (*range(300), HEAD - 1):
        data = bytearray(whole)
        data[place] ^= 4
        (tmp_path / "a").write_bytes(data)
        with pytest.raises(UNUSABLE):
            mapped(tmp_path / "a", head)


@pytest.mark.parametrize(
    "other",
    [
        {**SAMPLE, "vectors": np.arange(60, dtype=np.int32).reshape(20, 3)},
        {**SAMPLE, "vectors": np.arange(60, dtype=np.float32).reshape(3, 20)},
        {name: array for name, array in SAMPLE.items() if name != "flags"},
    ],
    ids=["another type", "another shape", "one less"],
)
def test_a_sound_file_of_other_arrays_is_refused(tmp_path: Path, other: Arrays) -> None:
    head = write(tmp_path / "a", SAMPLE)
    write(tmp_path / "a", other)
    with pytest.raises(ValueError, match="another head"):
        mapped(tmp_path / "a", head)


def test_some_rows_are_read_without_mapping_them(tmp_path: Path) -> None:
    array = np.arange(60, dtype=np.float32).reshape(20, 3)
    found = mapped(tmp_path / "a", write(tmp_path / "a", {"x": array}))["x"]
    for begin, end in ((0, 20), (3, 7), (19, 20), (5, 5)):
        rows = rows_of(found, begin, end)
        np.testing.assert_array_equal(rows, array[begin:end])
        assert rows.flags.owndata
    np.testing.assert_array_equal(rows_of(array, 2, 4), array[2:4])


def test_what_was_let_go_is_there_again(tmp_path: Path) -> None:
    array = np.arange(1 << 16, dtype=np.float32)
    found = mapped(tmp_path / "a", write(tmp_path / "a", {"x": array}))["x"]
    assert found.sum() == array.sum()
    let_go(found)
    np.testing.assert_array_equal(found, array)
    let_go(array)
    assert array[-1] == (1 << 16) - 1
