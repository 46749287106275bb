"""What hostile submissions do to predictions: to a line of them, to the file around them, and to whoever unpacks it."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from pathlib import Path

from tests.support.submissions import world


def line(number, change):
    """Changes one prediction."""

    def apply(lines):
        p = json.loads(lines[number])
        change(p, [json.loads(x) for x in lines])
        lines[number] = json.dumps(p).encode()
        return lines

    return apply


def from_history(p, others):
    example = next(e for e in world().examples["test"] if e.query.query_id == p["query_id"])
    p["ranking"][0] = example.query.history[0].item_id


def reason(**changes):
    return line(0, lambda p, _: p["rationale"]["reasons"][0].update(changes))


def _with_text(raw, text):
    p = json.loads(raw)
    p["rationale"]["text"] = text
    return json.dumps(p).encode()


PREDICTIONS = {
    "missing query": (lambda lines: lines[1:], "1 query without a prediction"),
    "no query": (lambda lines: [], "60 queries without a prediction"),
    "extra query": (lambda lines: [*lines, lines[0].replace(b'"query_id":"', b'"query_id":"x')], "was not asked"),
    "query twice": (lambda lines: [*lines, lines[0]], "answered twice"),
    "duplicate item": (line(3, lambda p, _: p["ranking"].__setitem__(1, p["ranking"][0])), ":4: repeated item"),
    "unknown item": (line(3, lambda p, _: p["ranking"].__setitem__(0, "nothing")), ":4: unknown item", "nothing"),
    "item of the history": (line(3, from_history), ":4: item of the history"),
    "empty ranking": (line(0, lambda p, _: p.update(ranking=[])), "empty ranking"),
    "ranking of 101": (line(0, lambda p, _: p.update(ranking=[str(k) for k in range(101)])), "longer than 100"),
    "score NaN": (lambda lines: [lines[0][:-1] + b',"scores":[NaN]}', *lines[1:]], ":1:", "NaN"),
    "score 1e999": (lambda lines: [lines[0][:-1] + b',"scores":[1e999]}', *lines[1:]], ":1:", "1e999"),
    "score as a string": (line(0, lambda p, _: p["scores"].__setitem__(0, "0.3")), "scores[0]: expected a number"),
    "scores of another length": (line(0, lambda p, _: p["scores"].pop()), "differ in length"),
    "unknown field": (line(0, lambda p, _: p.update(admin=1)), "unknown field admin"),
    "deep JSON": (lambda lines: [b'{"query_id":' + b"[" * 5000, *lines[1:]], "nested 5001 deep"),
    "a list": (lambda lines: [b"[]", *lines[1:]], "expected an object"),
    "an empty line": (lambda lines: [b"", *lines], "not JSON"),
    "not UTF-8": (lambda lines: [b'"\xff"', *lines[1:]], "not UTF-8"),
    "key twice": (lambda lines: [lines[0][:-1] + b',"query_id":"x"}', *lines[1:]], "twice"),
    "weights above one": (reason(weight=1.5), "weights"),
    "negative weight": (reason(weight=-0.1), "weights"),
    "weight as a string": (reason(weight="0.1"), "expected a number"),
    "script in a rationale": (line(0, lambda p, _: p["rationale"].update(text="<script>alert(1)</script>")), "markup"),
    "control characters in a rationale": (line(0, lambda p, _: p["rationale"].update(text="\u202e")), "control"),
    "endless rationale": (line(0, lambda p, _: p["rationale"].update(text="a " * 9000)), "18000 characters"),
    "a long rationale": (line(0, lambda p, _: p["rationale"].update(text="a " * 2001)), "4002 characters, at most"),
    "long rationales of all queries": (
        lambda lines: [_with_text(line, "a " * 501) for line in lines],
        "texts of 1,002 characters a query on average",
    ),
    "another user's rationale": (line(0, lambda p, o: p.update(rationale=o[1]["rationale"])), "written for query"),
    "a thousand reasons": (
        line(0, lambda p, _: p["rationale"].update(reasons=[{**p["rationale"]["reasons"][0], "weight": 0}] * 1000)),
        "1000 reasons",
    ),
    "hidden failure": (line(0, lambda p, _: p.update(error="late", rationale=None)), "n_failed: 0"),
    "other predictions": (
        line(0, lambda p, _: p.update(ranking=p["ranking"][::-1], scores=None)),
        "the predictions give",
    ),
}


# --- the file around them ---

CONTAINERS = {
    "no gzip": (lambda raw: gzip.decompress(raw), "not a gzip file"),
    "a zip": (lambda raw: b"PK\x03\x04" + raw, "not a gzip file"),
    "zlib without gzip": (lambda raw: zlib.compress(gzip.decompress(raw)), "not a gzip file"),
    "cut short": (lambda raw: raw[: len(raw) // 2], "cut short"),
    "damaged": (lambda raw: raw[:-8] + bytes(8), "not a gzip file"),
    "two members": (lambda raw: raw + raw, "something follows"),
    "something behind": (lambda raw: raw + b"<script>", "something follows"),
    "an empty file": (lambda raw: b"", "cut short"),
    "no end of the line": (lambda raw: gzip.compress(gzip.decompress(raw)[:-1]), "no end"),
}


# --- bombs ---


def bomb(path: Path, size: int) -> None:
    """Gzip of ``size`` zeros, a thousandth of that on disk: one compressed block again and again."""
    zeros, gzipped = bytes(1 << 20), zlib.compressobj(9, wbits=31)
    first, block = (gzipped.compress(zeros) + gzipped.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    path.write_bytes(first + block * ((size >> 20) - 1))


BLANK = b" " * (200 << 10) + b"\n"
BOMBS = {
    "zeros": lambda path: bomb(path, 1 << 30),
    "blanklines": lambda path: path.write_bytes(gzip.compress(BLANK * 500)),
    "newlines": lambda path: path.write_bytes(gzip.compress(b"\n" * (64 << 20))),
    "lists": lambda path: path.write_bytes(gzip.compress(b"[" + b"[]," * 60_000 + b"[]]\n")),
    "quotes": lambda path: path.write_bytes(gzip.compress(b'"' + b'\\"' * 100_000 + b"\n")),
    "sparse": lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), 1 << 40),
}
