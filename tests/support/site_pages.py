"""Pages of the leaderboard without a browser: rendered from entries, built by the command, and read back."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

from leaderboard import build
from leaderboard.site import pages
from leaderboard.site.rows import task_tables
from leaderboard.site.significance import SignificanceGroups
from tests.support.made_up_entries import entry, example, score


class Page(HTMLParser):
    """Links, ids, scripts, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links, self.tags, self.attributes, self.words = [], [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name in ("href", "src", "action", "xlink:href", "srcset")]

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))


def run(entries: Path, out: Path) -> int:
    return build.main(["--entries", str(entries), "--out", str(out)])


def rendered(entries, taken=None):
    """Path -> HTML of the pages, nothing tested."""
    tables = task_tables(e for e in entries if e.run_id not in (taken or {}))
    return dict(pages.pages(entries, taken or {}, tables, [SignificanceGroups() for _ in tables]))


MARKUP = "<script>document.title='pwned'</script><img src=x onerror=\"document.title='pwned'\">{{ 7*7 }}"


def hostile():
    """An entry with markup in every text that a submitter may write; the reader would refuse some of these names."""
    one = entry("a", 0.1, domain=MARKUP, submitter=MARKUP, trained_on=[MARKUP], model_card=MARKUP)
    result = one.result
    model = result.model.model_copy(
        update={"name": MARKUP, "arm": MARKUP, "base_model": MARKUP, "config": {MARKUP: MARKUP}}
    )
    task = result.task.model_copy(update={"failures": {MARKUP: 1}})
    provenance = {"seed": 0, "commit": MARKUP, "command": [MARKUP], MARKUP: {MARKUP: [MARKUP]}}
    scores = [*result.scores, score(MARKUP, 0.2), score("ndcg@10", 0.1, slice=MARKUP)]
    update = {"model": model, "task": task, "provenance": provenance, "scores": scores, "run_id": MARKUP}
    shown = example(MARKUP)
    claim = shown.claims[0].model_copy(update={"attribute": MARKUP, "value": MARKUP})
    texts = {name: MARKUP for name in ("query_id", "verdict", "target")}
    shown = shown.model_copy(update=texts | {"history": [MARKUP], "ranking": [MARKUP], "claims": [claim]})
    titles = {"titles": {MARKUP: MARKUP}, "examples": [shown]}
    return one.model_copy(update={"result": result.model_copy(update=update), **titles})
