"""The wording that a rationale may not have: hindsight, and ratings of what was chosen. The lists are public.

A rationale is written before the choice. What it tells of the past, it cites: "bought [1] and [2]" is evidence, while
"so they bought a hat" knows the answer. A citation speaks for the words before it in its sentence ("bought [1]"). It
does not where a word stands between that gives a reason ("bought a hat *because of* [1]") or compares ("the purchase
*matches* [1]").

Patterns are of English, by word and not by meaning: text of another language, or a paraphrase that no list foresees,
passes. ``tests/support/planted.py`` measures how many planted leaks they find, and how much clean text they call one.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator

from rad.rationales import claims

_THING = (
    r"(?:item|product|purchase|choice|pick|buy|order|selection|interaction|transaction|acquisition|rental|bookmark|paper"
    r"|book|movie|article|thing|answer|decision)"
)
_DEED = r"(?:buy|purchase|choose|pick|select|order|get|acquire|take|rent|bookmark|want|go for|opt for|settle)"
_WHO = r"(?:the \w+|them|him|her|themselves|himself|herself|it)"

ALWAYS = (
    rf"\b(?:final|eventual|subsequent|actual|ultimate|resulting) {_THING}\b",
    rf"\b(?:target|test|predicted|correct|expected|true|gold|ground[- ]truth) {_THING}\b",
    r"\b(?:ground[- ]truth|held[- ]out)\b",
    r"\b(?:the|this) target\b(?! group| audience)",
    r"\b(?:label|answer|gold|output)\s*[:=]",
    rf"\b{_THING} (?:in question|at hand|being explained|to be explained)\b",
    r"\b(?:ended|ends|wound|winds) up\b",
    r"\b(?:in hindsight|in retrospect|looking back|with the benefit of|as it turn(?:s|ed) out|turn(?:s|ed) out)\b",
    r"\bwent (?:on to|ahead|for|with)\b",
    r"\b(?:go|goes|going|gone) on to \w+",
    r"\b(?:decided|opted|settled|chose|proceeded|moved on|came|happened|ended up|resolved) (?:on|for|to|with)\b(?! \[)",
    rf"\b(?:led|leads|leading|made|makes|prompted|convinced|persuaded|drove|inspired|caused) {_WHO} (?:to )?{_DEED}\b",
    rf"\b(?:did|does) (?:indeed |in fact )?{_DEED}\b",
    r"\b(?:what|that) (?:came|followed|happened) (?:next|after|afterwards|later)\b",
    r"\b(?:afterwards|thereafter|later on|sure enough|predictably|unsurprisingly)\b",
    r"(?:^|,) *as expected\b",
    r"\bexplains? (?:why|the (?:choice|purchase|decision|selection|order))\b",
    r"\b(?:placed|made) (?:the|this|that|a|an) (?:purchase|choice|decision|selection|order)\b",
    rf"\b(?:as|since) the {_THING} (?:shows|showed|proves|confirms)\b",
    r"\b(?:was|were|has been|have been|is|are|got) (?:convinced|won over|swayed)\b",
)
"""Wording that speaks of the choice as made: wrong wherever it stands. Case does not count."""
UNLESS_OPEN = (
    rf"\bnext {_THING}s?\b",
    r"\b(?:buying|purchasing|choosing|selecting|ordering|picking|getting|acquiring) (?:the|this|that|a|an|it)\b",
    r"\b(?:this|that|which|it) (?:is|was) why\b",
    r"\bit (?:makes|made) sense that\b",
    r"\bno surprise that\b",
    r"\bit (?:is|was) (?:clear|obvious|plain|evident) why\b",
)
"""The same, unless the sentence leaves it open ("the next item will probably be a coat")."""
CHOICE = (
    r"\b(?:bought|purchased|ordered|rented|bookmarked|acquired|obtained|procured|chose|chosen|picked|selected|grabbed"
    r"|snapped up|snatched|splurged|landed on|fell on|opted|settled)\b",
    r"\b(?:they|he|she|user|shopper|customer|buyer|reader) (?:just |finally )?got\b",
    r"\b(?:took|taken|got|gotten) (?:it|this|that|the|a|an|one|home|themselves|himself|herself|something)\b",
    r"\b(?:reached|gone|fallen) for\b",
    r"\b(?:treated|helped) (?:themselves|himself|herself)\b",
    r"\b(?:invested|splurged) (?:in|on)\b",
    r"\badded\b",
    r"\b(?:was|were|felt|feels?|is|are|being) (?:\w+ly )?(?:drawn|attracted) to (?:this|that|the|it|a|an)\b",
    r"\bappeal(?:ed|ing|s) to (?:them|him|her|the (?:user|shopper|customer|buyer|reader))\b",
    r"\bfound (?:this|that|the|it)\b",
    r"\b(?:was|were) (?:the|a|an) (?:\w+ ){0,3}(?:pick|choice|step|match|fit|purchase)\b",
    r"\b(?:this|that|the|their|his|her|its|'s|new|latest|following|later) (?:new |latest |last |own )?(?:purchase"
    r"|choice|selection|pick|decision|acquisition|transaction|interaction|buy)\b(?! (?:between|lies|is open))",
    r"\b(?:the|their|his|her|a) (?:chosen|selected|purchased|bought|ordered|recommended|predicted|suggested) \w+",
    rf"\b(?:new|latest|following|later) {_THING}\b",
    rf"\bthis (?:very )?(?:{_THING}|garment|dress|one|book|novel|film|game|tool|device|toy|shoe|coat|bag)\b",
)
"""A choice stated as a fact: wrong unless a citation follows that it is bound to ("bought [1] and [2]")."""
RATING = (
    r"\b(?:\d(?:\.\d)?|one|two|three|four|five|full)[- ]?stars?\b(?! hotel)",
    r"[\u2605\u2606\u2729\u2b50]",
    r"\b(?:\d+(?:\.\d+)?) ?(?:/|out of) ?(?:5|10|100)\b",
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten) out of (?:five|ten)\b",
    r"(?<!\bvoltage )(?<!\bpressure )(?<!\bload )(?<!\bfire )(?<!\bage )(?<!\benergy )(?<!\bpower )(?<!\bUPF )"
    r"(?<!\bIP )(?<!\btemperature )(?<!\bcurrent )(?<!\bspeed )(?<!\bnoise )\b(?:\w+-)?rat(?:ed|ings?)\b",
    r"\brates? (?:it|this|that|them|the|an?|highly|poorly|\d)\b",
    r"\bscored\b|\b(?:average|mean|perfect|high|low|top|full|overall|good|bad) (?:\w+ )?(?:scores?|marks?)\b",
    r"\bthe score (?:is|was|of)\b",
    r"(?<!literature )(?<!systematic )(?<!peer )(?<!peer-)\breview(?:s|ed|ers?)?\b"
    r"(?! (?:papers?|articles?|of|methods?))",
    r"\b(?:feedback|testimonials?)\b",
    r"\b(?:loved|hated|enjoyed|liked|disliked|adored|regretted|praised|raved about) (?:it|this|that|them|the)\b",
    r"\b(?:did not|didn't|did) (?:really )?(?:like|love|enjoy|hate|regret)\b",
    r"\b(?:was|were|is|are|been|felt|left \w+) (?:very |really |quite |so |extremely |more than |fully )?(?:satisfied"
    r"|dissatisfied|disappointed|pleased|happy|unhappy|thrilled|delighted|impressed|let down)\b",
    r"\b(?:a|the|great|big|total|bitter) (?:great |big )?disappointment\b",
    r"\blet (?:them|him|her|the \w+) down\b",
    r"\b(?:returned|sent) (?:it|this|them)\b",
    r"\b(?:met|exceeded|meets|exceeds|fell short of) (?:(?:all|their|his|her|the|every) )*expectations?\b",
    r"\brave[sd]?\b",
    r"\brecommend(?:s|ed)? (?:it|this|them)\b",
    r"\b(?:customers|buyers|shoppers|users|others|everybody|everyone|owners) (?:\w+ )?"
    r"(?:love|like|praise|recommend|adore)\b",
    r"\bverdict (?:on|of|is|was)\b",
)
"""Words about a rating: wrong unless the sentence cites the history before them, or right after."""

_BETWEEN = re.compile(
    r"\b(?:because|due|since|thanks|following|given|after|based|inspired|driven|caused|explained|so as|in line"
    r"|in keeping|consistent|to (?:go|match|complement|complete|suit|fit|accompany)|goes|going|fits?|fitting"
    r"|match(?:es|ed|ing)?|mirror(?:s|ed|ing)?|echo(?:es|ed|ing)?|reflect(?:s|ed|ing)?|share[sd]?|sharing|follow(?:s|ed)|continue[sd]?"
    r"|continuing|complement(?:s|ed|ing)?|complete[sd]?|completing|confirm(?:s|ed|ing)?|suggest(?:s|ed)?|prove[sd]?"
    r"|suit(?:s|ed)?|on the strength|is|are|was|were|similar|just as|akin|much like)\b",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"\b(?:will|would|could|may|might|should|can|likely|probably|perhaps|possibly|maybe|if|expects?|wants?|wish(?:es)?"
    r"|plans?|needs?|consider(?:s|ing)?|interested|looking|thinks?|thinking)\b",
    re.IGNORECASE,
)
_EARLIER = re.compile(
    r"\b(?:previously|earlier|already|often|usually|always|mostly|so far|until now|in the past|tends? to have)"
    r"(?:,? \w+){0,3} $",
    re.IGNORECASE,
)
_POINTS = re.compile(
    r"\b(?:this|(?:their|his|her|the (?:user|shopper|customer)'s) (?:new|latest|next)) (?:very )?$", re.I
)
_TIME = re.compile(r"\b(?:spring|summer|autumn|fall|winter|seasons?|weeks?|months?|years?|\d{4})\b", re.IGNORECASE)
_ENDS = re.compile(
    r"\s*(?:[.,!?;:)]|$|\b(?:is|was|has|had|because|for|since|due|appeal\w*|that|which|as|and|to|by|from|with"
    r"|would|will|fits?|match\w*|suits?|goes|went|selected|chosen|bought|complet\w+|on|in (?!\[))\b)",
    re.IGNORECASE,
)
_NEAR = 120  # characters within which words go together
_ALWAYS, _UNLESS_OPEN, _CHOICE, _RATING = (
    re.compile("|".join(patterns), re.IGNORECASE) for patterns in (ALWAYS, UNLESS_OPEN, CHOICE, RATING)
)


def forbidden(
    text: str, of_history: Callable[[str, int, int], bool] = lambda sentence, start, end: False
) -> Iterator[tuple[str, str]]:
    """``("hindsight" or "rating", the words)``, sentence by sentence; words that touch are one.

    ``of_history`` says of the words at [start, end) of a sentence that they speak of the history, though it cites
    nothing: what they say was bought or rated is the history's. Time is linear in the length of the text.
    """
    # (start, end) spans within a sentence: a citation excuses words of its own sentence only
    for start, end in claims.sentences(text):
        sentence = text[start:end]
        cited = [match.start() for match in claims.CITATION.finditer(sentence)]
        hindsight = [match.span() for match in _ALWAYS.finditer(sentence)]
        if not _OPEN.search(sentence):
            hindsight += [match.span() for match in _UNLESS_OPEN.finditer(sentence)]
        hindsight += [
            match.span()
            for match in _CHOICE.finditer(sentence)
            if not bound(sentence, match.end(), cited)
            and not _EARLIER.search(sentence[max(0, match.start() - _NEAR) : match.start()])
            and not of_history(sentence, *match.span())
        ]
        rating = [
            match.span()
            for match in _RATING.finditer(sentence)
            if not (cited and cited[0] < match.start())
            and not bound(sentence, match.end(), cited)
            and not of_history(sentence, *match.span())
        ]
        for rule, spans in (("hindsight", hindsight), ("rating", rating)):
            for first, last in _joined(spans):
                yield rule, sentence[first:last]


def _joined(spans: Iterable[tuple[int, int]]) -> list[list[int]]:
    """The stretches in order; those that overlap, or have one character between them, are one."""
    out: list[list[int]] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1] + 1:
            out[-1][1] = max(out[-1][1], end)
        else:
            out.append([start, end])
    return out


def shown(text: str, named: Iterable[tuple[int, int]]) -> Iterator[str]:
    """Where ``text`` points at something that is called by its attribute values: "this scarf", "their new navy coat".

    What can be pointed at is there already, so this is hindsight. ``named`` are the stretches that name a value; those
    that stand beside each other are one. It is fine where a citation follows ("this scarf [3]"), and for times.
    """
    runs: list[list[int]] = []
    for start, end in named:
        if runs and not text[runs[-1][1] : start].strip(" ,"):
            runs[-1][1] = end
        else:
            runs.append([start, end])
    for start, end in runs:
        before = _POINTS.search(text, max(0, start - 40), start)
        if before and not _TIME.search(text, start, end) and _ENDS.match(text, end):
            yield text[before.start() : end]


def bound(sentence: str, end: int, cited: list[int]) -> bool:
    """Whether the words that end at ``end`` are of the first citation after them (``cited``: where they begin)."""
    k = bisect_left(cited, end)
    return k < len(cited) and cited[k] - end <= _NEAR and not _BETWEEN.search(sentence, end, cited[k])
