"""Names of submitters: what may be one, and which two a reader could take for each other.

:func:`skeleton` is in the spirit of Unicode's (UTS 39): names are equal where they look alike. A name is of one script,
or of Latin and the scripts of East Asia; so of the letters that look like another script's only these are folded.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

EAST_ASIAN = frozenset({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "BOPOMOFO"})
# those in wide use (UAX 31, table 5): letters of others, as Lisu and Cherokee, are whole Latin alphabets to the eye
SCRIPTS = EAST_ASIAN | {"ARABIC", "ARMENIAN", "BENGALI", "CYRILLIC", "DEVANAGARI", "ETHIOPIC", "GEORGIAN", "GREEK"}
SCRIPTS |= {"GUJARATI", "GURMUKHI", "HEBREW", "KANNADA", "KHMER", "LAO", "LATIN", "MALAYALAM", "MYANMAR", "ORIYA"}
SCRIPTS |= {"SINHALA", "TAMIL", "TELUGU", "THAANA", "THAI", "TIBETAN"}
WITHOUT_MARKS = frozenset({"LATIN", "GREEK", "CYRILLIC"})  # composed letters have them inside
CLAIMS = ("official", "verif", "certif", "endors", "approv", "accredit")  # that only the board itself could make
SIGNS = frozenset(" .,'’&()+-/:@_#!·")


def skeleton(name: str) -> str:
    """What a name looks like: equal for names that a reader could confuse."""
    folded = "".join(c for c in _latin(name) if c.isalnum()).replace("i", "l")  # I, l and 1 are one stroke
    for pair, single in (("rn", "m"), ("vv", "w"), ("cl", "d")):
        folded = folded.replace(pair, single)
    return folded


def violations(name: str) -> Iterator[str]:
    """Why a text is no name of a submitter."""
    if unicodedata.normalize("NFKC", name) != name:
        yield "is written in letters of another form (NFKC would change it)"
    odd = [c for c in name if not (c in SIGNS or unicodedata.category(c)[0] in "LNM") or "FILLER" in _called(c)]
    if odd:
        yield f"has the character U+{ord(odd[0]):04X}, which is no letter, digit or common sign"
    if name != " ".join(name.split()):
        yield "begins or ends with a space, or has two in a row"
    if any(_is_stray(name, k) for k in range(len(name))):
        yield "has marks that stand on no letter of theirs, or many on one"
    scripts = {_called(c).split(" ")[0] for c in name if unicodedata.category(c)[0] == "L"}
    if strange := scripts - SCRIPTS:
        yield f"has letters of {' and '.join(sorted(strange))}, which are not taken"
    if len(scripts - EAST_ASIAN) > 1 or (scripts & EAST_ASIAN and scripts - EAST_ASIAN - {"LATIN"}):
        yield f"mixes letters of {' and '.join(sorted(scripts))}"
    if len(skeleton(name)) < 2:
        yield "has less than two letters or digits"
    if claims_authority(name):
        yield "speaks for the board"


def claims_authority(words: str) -> bool:
    """Whether a name or label says of itself what only the board could say."""
    return any(skeleton(claim) in skeleton(words) for claim in CLAIMS)


def is_of_the_project(words: str) -> bool:
    """Whether a name or label has the project's own as a word, or at the head of one."""
    return _PROJECT.search(_latin(words)) is not None


def _latin(text: str) -> str:
    """The text in small letters without marks, each as the Latin one that it looks like."""
    small = "".join(_CAPITALS.get(c, c) for c in unicodedata.normalize("NFKD", text)).casefold()
    return "".join(_looks(c) for c in unicodedata.normalize("NFKD", small) if unicodedata.category(c) != "Mn")


def _looks(character: str) -> str:
    """The Latin letter that a small one looks like: of a small capital, or one with a stroke or hook, its name says."""
    called = _BASE.fullmatch(_called(character))
    return _LOOKS.get(character) or (called.group(1).lower() if called else character)


def _called(character: str) -> str:
    return unicodedata.name(character, "")


def _is_stray(name: str, k: int) -> bool:
    """Whether the character is a mark on no letter, on one of a script that composes them, or the third in a row."""
    if unicodedata.category(name[k])[0] != "M":
        return False
    row = k
    while row and unicodedata.category(name[row])[0] == "M":
        row -= 1
    base = name[row]
    return unicodedata.category(base)[0] != "L" or _called(base).split(" ")[0] in WITHOUT_MARKS or k - row > 2


_PROJECT = re.compile(
    r"(?<![^\W_])r[\W_]?a[\W_]?d(?![^\W\d_]|[\d]+[^\W\d_])|(?<![^\W_])rad(?=project|team|bench|board|leader|group)"
)
_BASE = re.compile(r"LATIN (?:SMALL LETTER|LETTER SMALL CAPITAL) ([A-Z])(?: WITH .*)?")
# a letter or sign, and the Latin letter that it looks like
_ALIKE = """
аa вb сc ԁd еe єe ғf һh іi їi јj кk ӏl мm нh оo рp ԛq ѕs тt уy хx ѡw ѵv
αa βb εe ηn ιi κk νv οo ρp τt υu χx γy ωw
օo սu հh ոn ցg զq
0o 1l 3e 4a 5s 7t |l !l $s ıi ɑa ɡg ɩi ðd þp ƅb
"""  # Cyrillic, Greek, Armenian, then signs and phonetic letters
_LOOKS = {pair[0]: pair[1] for pair in _ALIKE.split()}
_CAPITALS = dict(zip("ΗΝΥΖΡΧΜВН", "hnyzpxmbh", strict=True))  # look otherwise than the small letters of them
