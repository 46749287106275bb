"""Canonical lines, whole files, and readers that name the line they refuse."""

import gzip
import json

import pytest

from rad.errors import RadError
from rad.runtime import files
from rad.types import Interaction, Item


def test_canonical_is_sorted_compact_and_without_empty_fields():
    assert files.canonical(Interaction("u", "ü", 5)) == '{"item_id":"ü","timestamp":5,"user_id":"u"}'
    assert files.canonical({"b": [1, None], "a": (1.5,)}) == '{"a":[1.5],"b":[1,null]}'
    item = Item("i", "d", "t", "", {"z": ("1",), "a": ("2", "3")})
    assert json.loads(files.canonical(item))["attributes"] == {"a": ["2", "3"], "z": ["1"]}


def test_canonical_refuses_what_json_does_not_know():
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.canonical({"a": float("nan")})
    with pytest.raises(TypeError, match="set has no place in a JSON line"):
        files.canonical({"a": {1}})


def test_hash_of_lines_is_the_hash_of_the_file(tmp_path):
    records = [{"a": 1}, {"b": "é"}]
    files.write_jsonl(tmp_path / "x.jsonl", records)
    assert files.sha256_lines(records) == files.sha256_file(tmp_path / "x.jsonl")


def test_a_write_that_fails_leaves_what_was_there(tmp_path):
    path = tmp_path / "x.jsonl"
    files.write_jsonl(path, [{"a": 1}])
    with pytest.raises(ZeroDivisionError):
        files.write_jsonl(path, ({"a": 1 / n} for n in (1, 0)))
    assert list(files.read_jsonl(path)) == [(1, {"a": 1})]
    assert [p.name for p in tmp_path.iterdir()] == ["x.jsonl"]


def test_lines_of_plain_and_gzip_files(tmp_path):
    (tmp_path / "x").write_bytes(b"a\r\nb")
    (tmp_path / "x.gz").write_bytes(gzip.compress(b"a\nb\n"))
    assert list(files.read_lines(tmp_path / "x")) == list(files.read_lines(tmp_path / "x.gz")) == [(1, "a"), (2, "b")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a": 1}\n{"a": \n', r"x\.jsonl:2: not a JSON object"),
        (b"[1]\n", r"x\.jsonl:1: not a JSON object \(found list\)"),
        (b'{"a": NaN}\n', r"x\.jsonl:1: .*NaN is not a number that JSON knows"),
        (b"[" * 100_000, r"x\.jsonl:1: not a JSON object"),
        (b'{"a": "\xff"}\n', r"x\.jsonl:1: not UTF-8 \(byte 7 of the line\)"),
    ],
)
def test_bad_lines_are_named(tmp_path, content, message):
    (tmp_path / "x.jsonl").write_bytes(content)
    with pytest.raises(RadError, match=message):
        list(files.read_jsonl(tmp_path / "x.jsonl"))


def test_bad_files_are_named(tmp_path):
    with pytest.raises(RadError, match=r"nope: no such file"):
        list(files.read_lines(tmp_path / "nope"))
    with pytest.raises(RadError, match="is a folder, a file was expected"):
        list(files.read_lines(tmp_path))
    content = gzip.compress(b"".join(b'{"n": %d}\n' % n for n in range(5000)))
    (tmp_path / "x.gz").write_bytes(content[: len(content) // 2])
    with pytest.raises(RadError, match=r"x\.gz:\d+: unreadable or cut short"):
        list(files.read_lines(tmp_path / "x.gz"))
    (tmp_path / "y.gz").write_bytes(b"plain")
    with pytest.raises(RadError, match=r"y\.gz:1: unreadable or cut short"):
        list(files.read_lines(tmp_path / "y.gz"))


def test_a_byte_order_mark_is_read_over(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\r\n{"a": 2}\n')
    assert [record for _, record in files.read_jsonl(path)] == [{"a": 1}, {"a": 2}]
    path.write_bytes(b"\xef\xbb\xbfuser,item\n")
    assert list(files.read_lines(path, "latin-1")) == [(1, "user,item")]
