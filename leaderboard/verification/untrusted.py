"""Reading untrusted input: files of bounded size, strict JSON, compressed lines that are never unpacked whole.

Every limit is far above what a true entry needs; what goes beyond one is refused before it is held in memory.
"""

from __future__ import annotations

import json
import math
import re
import stat
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path

from rad.errors import RadError

JSON_BYTES = 4 << 20
DEPTH = 40  # of nested lists and objects
PACKED_BYTES = 128 << 20  # of compressed predictions
LINE_BYTES = 256 << 10
QUERY_BYTES = 16 << 10  # unpacked, a query, on average over the task
CHUNK = 64 << 10
LISTED = 20  # violations of one kind that are named
TEXT = 10_000  # characters of a text


def regular(path: Path, limit: int) -> int:
    """The size of a file that is no link, no folder and not above ``limit`` bytes; :class:`RadError` otherwise."""
    try:
        # of the link itself, were it one: it could lead to any file, and a device never ends
        status = path.lstat()
    except OSError as error:
        raise RadError(f"{path}: no such file ({error.strerror})") from error
    if not stat.S_ISREG(status.st_mode):
        raise RadError(f"{path}: not a plain file (a link, a folder or a device)")
    if status.st_size > limit:
        raise RadError(f"{path}: {status.st_size:,} bytes, at most {limit:,} are read")
    return status.st_size


def read_json(path: Path) -> object:
    """The JSON value in a file. :class:`RadError` names the file and the reason of its refusal."""
    regular(path, JSON_BYTES)
    return parse(path.read_bytes(), str(path))


def parse(raw: bytes, where: str) -> object:
    """Strict JSON: UTF-8, no NaN or infinity (``1e999`` is one), no key twice, no half surrogate pair, not deep.

    A byte order mark is read over.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RadError(f"{where}: not UTF-8 (byte {error.start})") from error
    if (deep := _depth(text)) > DEPTH:
        raise RadError(f"{where}: nested {deep} deep, at most {DEPTH} levels are read")
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise RadError(f"{where}: not JSON as it is read here ({str(error)[:200]})") from error
    if "\\u" in text:  # only an escape can smuggle in half of a pair
        try:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError as error:
            raise RadError(f"{where}: half of a surrogate pair in a text") from error
    return value


def unpack(path: Path, limit: int) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of each line of a gzip file, with one line in memory.

    Raises:
        RadError: It is not gzip, is cut short, has more than one member or something behind it, unpacks to more than
            ``limit`` bytes, or has a line above ``LINE_BYTES``.
    """
    regular(path, PACKED_BYTES)
    unzip, total, number, rest = zlib.decompressobj(wbits=31), 0, 0, b""
    with open(path, "rb") as file:
        while not unzip.eof:
            packed = unzip.unconsumed_tail or file.read(CHUNK)
            if not packed:
                raise RadError(f"{path}: cut short, or not a gzip file")
            try:
                # never more than a chunk at once: a few kilobytes may unpack to terabytes
                piece = unzip.decompress(packed, CHUNK)
            except zlib.error as error:
                raise RadError(f"{path}: not a gzip file ({error})") from error
            total += len(piece)
            if total > limit:
                raise RadError(f"{path}: unpacks to more than {limit:,} bytes")
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                number += 1
                yield number, line
            if len(rest) > LINE_BYTES:
                raise RadError(f"{path}:{number + 1}: a line of more than {LINE_BYTES:,} bytes")
        # other readers go on with a second member: one file would then hold two sets of predictions
        if unzip.unused_data or file.read(1):
            raise RadError(f"{path}: something follows the end of the gzip stream")
    if rest:
        raise RadError(f"{path}:{number + 1}: the last line has no end")


def text_violations(raw: object, free: Collection[str] = ()) -> list[str]:
    """Texts with control characters, too long ones, and markup: in the fields ``free`` only the first is refused."""
    violations = []
    for path, text in _suspicious(raw, ()):
        at = ".".join(path)
        if _CONTROL.search(text):
            violations.append(f"{at}: control characters in a text")
        elif at not in free and len(text) > TEXT:
            violations.append(f"{at}: a text of {len(text)} characters, at most {TEXT}")
        elif at not in free and (markup := _MARKUP.search(text)):
            violations.append(f"{at}: markup in a plain text ({text[markup.start() :][:40]!a})")
    more = len(violations) - LISTED
    return violations if more <= 0 else [*violations[:LISTED], f"{more} more texts like these"]


def is_plain(line: bytes) -> bool:
    """Whether no text in a line of JSON can break a rule: short, printable ASCII, without ``<`` and escapes."""
    return len(line) <= TEXT and _NOT_PLAIN.search(line) is None


def _suspicious(value: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """The texts that may break a rule, keys among them, with their paths. One search passes over plain ones."""
    if isinstance(value, str):
        if not _are_plain([value]):
            yield path, value
    elif isinstance(value, list):
        plain = _are_plain([one for one in value if isinstance(one, str)])
        for k, one in enumerate(value):
            if isinstance(one, list | dict) or not plain:
                yield from _suspicious(one, (*path, str(k)))
    elif isinstance(value, dict):
        plain = _are_plain([*value, *(one for one in value.values() if isinstance(one, str))])
        for key, one in value.items():
            if isinstance(one, list | dict) or not plain:
                inner = (*path, ascii(key)[1:-1][:80])
                yield from _suspicious(key, inner)
                yield from _suspicious(one, inner)


def _are_plain(texts: list[str]) -> bool:
    """Whether no rule can be broken, as all of them together are short and without suspicious characters."""
    joined = "\n".join(texts)
    return len(joined) <= TEXT and _SUSPICIOUS.search(joined) is None


def _depth(text: str) -> int:
    """How deep lists and objects are nested. It is counted before decoding, which would recurse."""
    deepest = depth = 0
    for bracket in _NO_BRACKETS.sub("", text):
        if bracket in "[{":
            depth += 1
            deepest = max(deepest, depth)
        else:
            depth -= 1
    return deepest


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:30]} is not a finite number")
    return value


def _constant(name: str) -> None:
    raise ValueError(f"{name} is not a number that JSON knows")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:60]!r} stands twice in one object")
    return value


_MARKUP = re.compile(r"<\s*[A-Za-z/!?]")
# what is not seen, but changes what is: control characters, marks of direction, letters without width, tags
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    r"\ud800-\udfff\U000e0000-\U000e007f]"
)
_SUSPICIOUS = re.compile(f"{_CONTROL.pattern}|<")  # every text that _CONTROL or _MARKUP refuses has one of these
_NOT_PLAIN = re.compile(rb"[^ -;=-\[\]-~]")
_NO_BRACKETS = re.compile(r'(?s)"(?:[^"\\]++|\\.)*+"?|[^\[\]{}"]+')  # strings, or what is no bracket
_DECODER = json.JSONDecoder(parse_constant=_constant, parse_float=_number, object_pairs_hook=_object)
