"""Snapshot fields: what is known of an item only after it was sold. An average rating, a number of reviews or a sales
rank tells how popular the item became. Purchases of the test split are among its causes, so no model may read it.

Known by names (``average_rating``, ``Best Sellers Rank``) and by wording in texts. A rating of something else ("voltage
rating", "rated for 120 volts") is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ALONE = {"popularity", "bestseller", "bestsellers", "bestselling", "trending", "wishlist", "hotness"}
_OPINION = {"rating", "ratings", "star", "stars", "score", "scores", "review", "reviews"}
_SALES = {"sale", "sales", "selling", "seller", "sellers", "purchase", "purchases", "view", "views", "click", "clicks"}
_EVENT = {"sold", "bought", "purchased", "viewed", "downloaded", "ordered", "rented", "liked", "rated", "reviewed"}
_PEOPLE = {"user", "users", "customer", "customers", "buyer", "buyers", "shopper", "reviewer", "reviewers", "critic"}
_SIGN = {"vote", "votes", "like", "likes", "download", "downloads", "helpful", "citation", "citations", "comments"}
_COUNTED = {*_OPINION, *_SALES, *_PEOPLE, *_SIGN, "rental", "rentals", "favourite", "favorite"}
_COUNT = {"count", "counts", "number", "num", "n", "nr", "total", "totals", "times", "units", "volume", "quantity"}
_WHOSE = {"avg", "average", "mean", "median", "overall", *_PEOPLE}
_PLACE = {"rank", "ranking", "percentile", "position"}
_BARE = {*_OPINION, "sales", "votes", "likes", "views", "downloads", "citations", "rank", "salesrank"}
_NUMBER = re.compile(r"\s*[#(]?\d[\d,.]*\s*(?:[kKmM]|stars?|/\s*\d+|out of \d+|of \d+|in \D.*)?[)+]?\s*")
"""A number, as it stands for a rating, a count or a rank: "4.5", "1,203", "4/5", "1 in Shoes"; no "PG-13"."""

_UNIT = r"(?! ?(?:bar|psi|volts?|v\b|amps?|watts?|kg|lbs?|tons?|degrees|mm|cm|inch|hours|x\b))"
_N = r"\d+(?:[,.]\d+)*[kKmM]?\+?"
_SOLD = (
    r"(?:units|copies|pieces|pairs|sets|items|bottles|boxes|packs|million|thousand|people|persons|customers|shoppers"
    r"|buyers|users|others|owners|have|total|happily|proudly)"
)  # no kinds of a thing: "400 varieties sold" counts what there is
_ABOUT = r"(?:over|more than|about|some|nearly)"
TEXTS = (
    r"\bbest[- ]?sell(?:ers?|ing)\b",
    r"\bsales? rank(?:ing)?\b|\brank(?:ed|s)? (?:#|no\. ?)?\d[\d,]*(?:st|nd|rd|th)? (?:in|by|on) (?:sales|\w+ sales)",
    r"#\d[\d,]* in (?:[A-Z]|the |our )",
    r"\b[0-5]\.\d[- ]?stars?\b|\b[1-5][- ]stars? (?:from|by|on average|out of|overall|rating\b|review)",
    r"[\u2605\u2606\u2729\u2b50]{2,}",
    r"\b(?:rat(?:ed|ing)|reviews?|scored?)\b[^.!?\n]{0,20}?\b\d+(?:\.\d+)? ?(?:/|out of|of) ?(?:5|10|100)\b",
    r"\b[0-5]\.\d ?(?:/|out of) ?5\b",
    r"\b(?:average|avg\.?|mean|overall|customer|user|buyer|shopper|star) (?:\w+ )?ratings?\b",
    rf"(?:^|[.;|(,\n] ?)rat(?:ing|ed):? [0-5](?:\.\d)?\b{_UNIT}",
    rf"\b{_N} (?:(?:customer|global|verified|user|positive|5-star|happy|glowing|online) )*(?:ratings|reviews|votes)\b",
    r"\b(?:customers|people|shoppers|buyers|users|others|those) (?:who )?(?:\w+ )?(?:this |it )?(?:also )?"
    r"(?:bought|viewed|purchased|liked) (?:this|these|it|also|\w+ also)\b",
    r"\b(?:customers|people|shoppers|buyers|users) also \w+",
    r"\b(?:frequently|often|commonly|usually) (?:bought|purchased|viewed) (?:together|with)\b",
    rf"\b(?:bought|sold|purchased|ordered|downloaded|viewed|rented) (?:{_ABOUT} )?{_N} times\b",
    rf"\b{_N} (?:{_SOLD} )?(?:already |were |have been )?(?:sold|bought|purchased|downloads)\b(?! (?:by|in pairs))",
    rf"\b(?:loved|liked|recommended|trusted|bought|rated|reviewed|owned|chosen) by (?:{_ABOUT} )?{_N} ",
    r"\btop[- ]rated\b|\bhighly[- ]rated\b|\bbest[- ]rated\b",
    r"\b\d+ ?% of (?:our |all )?(?:buyers|customers|shoppers|users|reviewers|people|readers)\b",
)  # fmt: skip
"""Wording in an item's text that was taken after the fact."""
_TEXT = re.compile("|".join(f"(?:{pattern})" for pattern in TEXTS), re.IGNORECASE)


def is_snapshot(name: str, values: Iterable[str] = ()) -> bool:
    """Whether an attribute is a snapshot field, by its name; a bare ``rating`` or ``rank`` only if there are ``values``
    and all are numbers."""
    words = [word.lower() for word in _WORD.findall(name)]
    kinds = set(words)
    if not kinds:
        return False
    if kinds & _ALONE or words[:1] == ["also"] or {"bought", "together"} <= kinds:
        return True
    if (kinds & _SALES and kinds & (_PLACE | _COUNT)) or {"trend", "rank"} <= kinds:
        return True
    if (kinds & _COUNTED and kinds & _COUNT) or (kinds & _EVENT and kinds & _COUNT):
        return True
    if len(kinds & _OPINION) > 1 or (kinds & _OPINION and kinds & _WHOSE):
        return True
    if kinds & {"helpful"} and kinds & {"votes", "vote"}:
        return True
    own = list(values)
    return len(kinds) == 1 and bool(kinds & _BARE and own) and all(_NUMBER.fullmatch(value) for value in own)


def snapshot_wording(text: str) -> str | None:
    """The first words of ``text`` that were taken after the fact, or None."""
    match = _TEXT.search(text)
    return match.group() if match else None
