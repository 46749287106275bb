"""``report.html``: what it shows, that it asks for nothing from outside, and that what people wrote stays text."""

from __future__ import annotations

import random
import re
from html.parser import HTMLParser

import pytest

from rad.runtime.files import write_jsonl
from tests.annotation.agreement.test_measure import PEOPLE, TEXT, campaign, draft, form, run, says

EVIL = "<script>alert('x')</script><img src=https://example.com/x onerror=alert(1)>\"'&{{ 7*7 }}"


class Page(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.text, self.open = [], [], "", []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data if self.open and self.open[-1] != "style" else ""

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes


def report(folder, *arguments):
    assert run("agreement", folder, "--resamples", 20, *arguments) == 0
    html = (folder / "report.html").read_text(encoding="utf-8")
    page = Page(html)
    assert not page.open
    return html, page


@pytest.fixture
def forms():
    rng = random.Random(3)
    return [one for k in range(40) for name in PEOPLE for one in form(k, name, rng)]


def test_it_shows_questions_pairs_times_and_records_to_talk_about(tmp_path, forms):
    judged = [says(k, "adj-1", "trust", "4") for k in range(5)]
    folder = campaign(tmp_path / "c", [*forms, *judged])
    write_jsonl(folder / "judge-x.jsonl", [says(k, "judge:x", "trust", str(k % 5 + 1)) for k in range(40)])
    _, page = report(folder)
    for words in ("plausibility", "Pairs of reviewers", "Time per record", "Beside the adjudicator", "x: trust"):
        assert words in page.text
    assert "the ceiling: people" in page.text and "Records to talk about" in page.text
    assert page.text.count("Krippendorff") >= 1 and "Simulated" not in page.text.split("How this was computed")[0]
    assert page.tags.count("svg") == 1 + 5 + 5 + 1 + 1


def test_it_asks_for_nothing_from_outside_and_runs_nothing(tmp_path, forms):
    html, page = report(campaign(tmp_path / "c", forms))
    assert not {"script", "link", "img", "iframe", "object", "form", "a"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("src", "href", "style")]
    assert "default-src 'none'" in html
    assert not re.search(r"https?:|url\(|@import|//[a-z]", html)


def test_what_people_and_drafters_wrote_is_text(tmp_path, forms):
    drafts = [draft(k, EVIL + TEXT) for k in range(40)]
    marked = [says(k, name, "edited", EVIL + name) for k in range(40) for name in PEOPLE]
    html, page = report(campaign(tmp_path / "c", [*forms, *marked], drafts))
    assert "script" not in page.tags and "img" not in page.tags
    assert EVIL in page.text and "<script" not in html and "<img" not in html


def test_simulated_reviewers_are_called_so_and_nobody_is_a_person(tmp_path):
    rng = random.Random(3)
    answers = [one for k in range(9) for name in ("simulated-1", "simulated-2") for one in form(k, name, rng)]
    _, page = report(campaign(tmp_path / "c", answers))
    assert "No person has answered yet." in page.text and "Simulated reviewers" in page.text
    assert "few: under 20 records" in page.text


def test_undefined_coefficients_are_said_to_be(tmp_path):
    html, page = report(campaign(tmp_path / "c", [says(k, PEOPLE[0], "trust", "4") for k in range(3)]))
    assert "undefined: no record has two answers" in page.text
    assert "nan" not in html.lower().replace("nantes", "")


def test_a_page_of_one_reviewer_and_one_record_or_of_many_reviewers_is_whole(tmp_path):
    report(campaign(tmp_path / "a", [says(0, PEOPLE[0], "errors", "[]")]))
    many = [says(k, f"r-{name:08x}", "trust", str(1 + (k * name) % 5)) for k in range(4) for name in range(24)]
    report(campaign(tmp_path / "b", many))
