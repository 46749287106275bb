"""The page of finished runs: what it shows and marks, what it lacks, and that what models wrote stays text."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser

import pytest

from benchmarks import report
from benchmarks.explanations import finished_run
from benchmarks.reporting.page import document
from benchmarks.reporting.page.runs import read_runs
from rad.errors import RadError
from rad.reporting.html import source as html_source
from rad.runtime.files import read_jsonl, sha256_file, write_jsonl
from tests.benchmarks.conftest import FINISHED_RUNS
from tests.support.chromium import chromium, needs_chromium

pytestmark = FINISHED_RUNS
EVIL = '<script>document.title=1</script><img src=https://example.com/x onerror="document.title=2">\'&{{ 7*7 }}'
VOID = ("meta", "br", "wbr", "rect", "line", "circle", "polyline", "input", "img")


class Page(HTMLParser):
    """Tags, attributes and text of a page; every tag must be closed."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.text, self.open = [], [], "", []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attributes]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += "" if {"style", "script"} & set(self.open) else data


@pytest.fixture
def folders(explained_runs, small_world, tmp_path, monkeypatch):
    """Copies of two runs: ``template`` with its scorecard, and ``popularity``, which writes no rationales."""
    monkeypatch.setattr(finished_run, "open_dataset", lambda *_: small_world)
    return {name: shutil.copytree(path, tmp_path / name) for name, path in explained_runs.items()}


@pytest.fixture(scope="module")
def html(explained_runs, datasets):
    """The page of both runs with five examples."""
    return document.page(read_runs(list(explained_runs.values())), 5, datasets)


def written(tmp_path, *folders, **more):
    words = [*map(str, folders), "--out", str(tmp_path / "page.html")]
    for name, value in more.items():
        words += [f"--{name}", str(value)]
    report.main(words)
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    return html, Page(html)


def test_it_shows_tables_plots_and_examples(html, explained_runs):
    page = Page(html)
    for words in ("Recall@10", "claim_precision", "truncation_order", "target masked", "user_retrieval", "ms/query"):
        assert words in page.text
    ndcg = read_runs([explained_runs["template"]])[0][0].score("ndcg@10")
    assert f"{ndcg.value:.4f}" in page.text and f"{ndcg.ci_low:.3f} to {ndcg.ci_high:.3f}" in page.text
    assert page.tags.count("svg") == 1 + 9 + 1, "cost, headlines, curves"
    names = ("1 template, heaviest first", "1 template, lightest first")
    assert all(name in page.text for name in names), "the lines of the run that was asked again"
    assert page.tags.count("article") == 5 and len(re.findall(r"user's rationale\s+ranking moved", page.text)) == 5
    assert page.text.count("No rationale.") == 5 and ("mark", "class", "supported") in page.attributes
    assert "benchmarks.explain" not in page.text, "there is no more to be had"


def test_without_a_scorecard_the_page_names_the_command_for_it(folders, tmp_path, capsys):
    (folders["template"] / "explanation.json").unlink()
    _, page = written(tmp_path, *folders.values(), examples=0)
    command = f"python -m benchmarks.explain {folders['template']}"
    assert f"More can be said of the rationales of 1: {command}" in page.text and command in capsys.readouterr().out
    assert "claim_precision" in page.text and "truncation_order" not in page.text and "article" not in page.tags


def test_it_asks_for_nothing_from_outside(html):
    page = Page(html)
    assert page.tags.count("script") == 1 and not {"link", "img", "iframe", "object", "form"} & set(page.tags)
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name in ("src", "style")]
    assert all(value.startswith("#") for _, name, value in page.attributes if name == "href")
    assert not re.search(r"https?:|url\(|@import|//[a-z]", html)
    [policy] = [value for _, name, value in page.attributes if name == "content" and "default-src" in value]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    for tag, text in re.findall(r"<(style|script)>(.*?)</\1>", html, re.DOTALL):
        assert f"{tag}-src {html_source(text)}" in policy


def hostile(folder, words):
    """The run with ``words`` before each text, in predictions and in what they were changed to."""

    def change(record):
        if "rationale" in record:
            record["rationale"]["text"] = words + record["rationale"]["text"]
        return record

    for name in ("predictions.jsonl", "perturbed.jsonl"):
        write_jsonl(folder / name, [change(record) for _, record in read_jsonl(folder / name)])
    result = json.loads((folder / "result.json").read_text())
    result["predictions"]["sha256"] = sha256_file(folder / "predictions.jsonl")
    result["task"]["failures"] = {words: 1}
    (folder / "result.json").write_text(json.dumps(result))


def test_what_models_wrote_is_text_and_cut_where_it_is_long(folders, tmp_path):
    hostile(folders["template"], EVIL + "\x00\x1b[31m\u202e" + "x" * 100_000)
    html, page = written(tmp_path, folders["template"], examples=3)
    assert page.tags.count("script") == 1 and "img" not in page.tags
    assert EVIL in page.text.replace("\xa0✗", "") and "<script>document" not in html and "<img" not in html
    assert not re.search("[\x00\x1b\u202e]", html) and "\ufffd\ufffd[31m\ufffd" in page.text
    assert "more characters)" in html and "x" * 2001 not in html


def test_a_line_says_what_is_missing(folders, tmp_path, capsys):
    shutil.move(folders["template"] / "predictions.jsonl", tmp_path / "elsewhere")
    _, page = written(tmp_path, *folders.values(), examples=2)
    assert "No examples: " in page.text and "the predictions must lie beside result.json" in page.text
    assert page.text.count("No rationale.") == 2, "the other run has its examples"
    (folders["template"] / "perturbed.jsonl").unlink()
    shutil.move(tmp_path / "elsewhere", folders["template"] / "predictions.jsonl")
    _, page = written(tmp_path, folders["template"], examples=2)
    assert "What changed when" not in page.text
    card = json.loads((folders["template"] / "explanation.json").read_text())
    for change, message in (
        ({"run_id": "other"}, "of run other, but result.json is of run"),
        ({"n": "x"}, "explanation.json: n"),
    ):
        (folders["template"] / "explanation.json").write_text(json.dumps(card | change))
        with pytest.raises(RadError, match=message):
            written(tmp_path, folders["template"])
    (folders["template"] / "result.json").unlink()
    with pytest.raises(RadError, match=r"result.json: no such file"):
        written(tmp_path, folders["template"])
    with pytest.raises(RadError, match="--examples must be at least 0"):
        written(tmp_path, folders["popularity"], examples=-1)


def test_runs_of_one_name_are_told_apart(folders, tmp_path):
    again = shutil.copytree(folders["popularity"], tmp_path / "again")
    result = json.loads((again / "result.json").read_text())
    result["run_id"] = "0a0a0a0a"
    (again / "result.json").write_text(json.dumps(result))
    [[first, second]] = read_runs([folders["popularity"], again, folders["popularity"]])
    assert second.label == "popularity 0a0a0a0a" and first.label == f"popularity {first.result.run_id}"
    result["task"]["split"], result["provenance"]["seed"] = "validation", 1
    (again / "result.json").write_text(json.dumps(result))
    assert len(read_runs([folders["popularity"], again])) == 2, "another task is another section"


# --- in a browser ---


@pytest.mark.slow
@needs_chromium
@pytest.mark.enable_socket
def test_in_chromium_on_a_phone(folders, tmp_path):
    """Nothing is cut at 375 pixels, nothing hostile runs, and the examples are leafed through by keyboard."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    hostile(folders["template"], EVIL + "y" * 300)
    written(tmp_path, *folders.values(), examples=3)
    with chromium(tmp_path / "profile") as driver:
        phone = {"width": 375, "height": 800, "deviceScaleFactor": 1, "mobile": True}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
        driver.get((tmp_path / "page.html").as_uri())
        shown = "return [...document.querySelectorAll('article')].map(a => !a.hidden)"
        assert driver.execute_script(shown) == [True, False, False]
        driver.execute_script("document.querySelectorAll('details').forEach(d => { d.open = true })")
        assert driver.execute_script("return document.documentElement.scrollWidth") == 375
        select = driver.find_element(By.CSS_SELECTOR, ".controls select")
        select.send_keys(Keys.ARROW_DOWN)
        assert driver.execute_script(shown) == [False, True, False]
        button = driver.find_elements(By.CSS_SELECTOR, ".controls button")[1]
        button.send_keys(Keys.ENTER)
        button.send_keys(Keys.ENTER)
        assert driver.execute_script(shown) == [True, False, False], "the last is followed by the first"
        driver.execute_script("document.querySelector('.controls details').open = false")
        driver.find_element(By.CSS_SELECTOR, ".controls summary").send_keys(Keys.ENTER)
        box = driver.find_element(By.CSS_SELECTOR, ".controls input")
        box.send_keys(Keys.SPACE)
        hidden = "return [...document.querySelectorAll('article:not([hidden]) .answer')].map(a => a.hidden)"
        assert driver.execute_script(hidden) == [True, False]
        assert driver.title.startswith("RAD: "), "nothing in a prediction runs"
