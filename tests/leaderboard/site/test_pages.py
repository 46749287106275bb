"""The site as it is built: links, bytes, files that cannot be written, and untrusted texts."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote, urlsplit

import pytest

from leaderboard.site import pages
from leaderboard.site.folder import write
from rad.errors import RadError
from tests.support.made_up_entries import entry, many, score, stored
from tests.support.site_pages import MARKUP, Page, hostile, rendered, run


def test_every_link_leads_somewhere_and_nothing_leaves_the_site(tmp_path):
    entries = many(30)
    taken = entries[5].run_id
    stored(tmp_path / "entries", entries)
    (tmp_path / "entries" / entries[5].folder / f"{taken}.withdrawn.json").write_text(
        json.dumps(
            {
                "schema_version": 1,
                "run_id": taken,
                "reason": "fault & error",
                "submitter": entries[5].submitter.model_dump(),
                "withdrawn_at": "2026-02-01T00:00:00Z",
            }
        )
    )
    site = tmp_path / "site"
    assert run(tmp_path / "entries", site) == 0
    paths = sorted(site.rglob("*.html"))
    assert len(paths) == 2 + len(entries)
    for path in paths:
        page = Page(path.read_text())
        assert page.tags.count("script") == 1 and not any(a.startswith("on") or a == "style" for a in page.attributes)
        for link in page.links:
            parts = urlsplit(link)
            if link.startswith(pages.DOCS):
                continue  # the manual
            assert not parts.scheme and not parts.netloc and not link.startswith("/"), link
            assert not parts.path or (path.parent / unquote(parts.path)).resolve().is_relative_to(site), link
            assert not parts.path or (path.parent / unquote(parts.path)).is_file(), link
    css, js = (site / "page.css").read_text(), (site / "page.js").read_text()
    assert "url(" not in css and "@import" not in css
    assert not re.search(r"fetch\(|XMLHttp|innerHTML|eval|import\(|https?:", js)
    index = (site / "index.html").read_text()
    assert "fault &amp; error" in index
    table = (site / "world-full-test.html").read_text()
    assert f"-{taken}.html" not in table, "what was withdrawn is in no table"


def test_a_second_build_gives_the_same_bytes_and_drops_old_pages(tmp_path):
    entries, site = stored(tmp_path / "entries", many(12)), tmp_path / "site"
    run(entries, site)
    first = {p.relative_to(site): p.read_bytes() for p in site.rglob("*") if p.is_file()}
    (site / "entries" / "old.html").write_text("old")
    run(entries, site)
    assert {p.relative_to(site): p.read_bytes() for p in site.rglob("*") if p.is_file()} == first
    assert [p.name for p in tmp_path.glob(".site*")] == []


def test_a_folder_that_is_no_site_is_left_alone(tmp_path):
    entries, out = stored(tmp_path / "entries", many(3)), tmp_path / "mine"
    out.mkdir()
    (out / "thesis.txt").write_text("all of it")
    with pytest.raises(RadError, match="is not a site that this command built"):
        run(entries, out)
    assert [p.name for p in out.iterdir()] == ["thesis.txt"]


def test_a_build_that_fails_leaves_the_last_site(tmp_path):
    site = tmp_path / "site"
    run(stored(tmp_path / "entries", many(3)), site)
    before = (site / "index.html").read_bytes()

    def broken():
        yield "index.html", "half"
        raise RadError("no")

    with pytest.raises(RadError):
        write(site, broken())
    assert (site / "index.html").read_bytes() == before and [p.name for p in tmp_path.glob(".site*")] == []


def test_a_place_that_cannot_be_written_is_a_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RadError, match=r"file/site: the site cannot be written there \(Not a directory\)"):
        run(stored(tmp_path / "entries", many(3)), tmp_path / "file" / "site")


def test_no_entries_is_a_page_and_no_folder_is_a_line(tmp_path):
    (tmp_path / "none").mkdir()
    run(tmp_path / "none", tmp_path / "site")
    assert "There are no entries yet" in (tmp_path / "site" / "index.html").read_text()
    with pytest.raises(RadError, match="no folder of entries"):
        run(tmp_path / "absent", tmp_path / "site")


def test_an_entry_that_cannot_be_shown_costs_the_others_nothing(tmp_path, capsys):
    good = entry("good", 0.2, scores=[score("recall@10", 0.3)])
    far = good.result.cost.model_copy(update={"ms_per_query": 1e308})
    bad = entry("far", 0.1)
    root = stored(
        tmp_path / "entries", [good, bad.model_copy(update={"result": bad.result.model_copy(update={"cost": far})})]
    )
    nothing = json.loads(entry("null", 0.1).model_dump_json())
    nothing["result"]["provenance"]["settings"] = {"a": {"b": "c"}}
    nothing["result"]["provenance"]["tuned"] = None
    (root / "null").mkdir()
    (root / "null" / "null01.json").write_text(json.dumps(nothing))
    (root / "good" / "half.json").write_text('{"schema_version": 1')
    (root / "good" / "x.withdrawn.json").write_text("{}")
    assert run(root, tmp_path / "site") == 0
    err = capsys.readouterr().err
    assert "left out good/half.json: " in err and "left out good/x.withdrawn.json: " in err
    index = Page((tmp_path / "site" / "index.html").read_text()).text
    assert "good/half.json" in index and (tmp_path / "site" / "entries" / "good-good01.html").is_file()


def test_what_breaks_a_template_is_named_by_verify_and_left_out_by_build(tmp_path, monkeypatch, capsys):
    def broken(entry):
        raise OverflowError("cannot convert")

    monkeypatch.setattr(pages, "_command", broken)
    assert pages.unrenderable(entry("a", 0.1)) == "OverflowError: cannot convert"
    root = stored(tmp_path / "entries", [entry("a", 0.1), entry("b", 0.2)])
    monkeypatch.setattr(pages, "_command", lambda one: broken(one) if one.run_id == "a01" else None)
    assert run(root, tmp_path / "site") == 0
    assert "left out a/a01.json: its page cannot be shown (OverflowError: cannot convert)" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "site" / "entries").iterdir()] == ["b-b01.html"]


def test_untrusted_texts_stay_text():
    for path, text in rendered([hostile()]).items():
        page = Page(text)
        assert page.tags.count("script") == 1 and "img" not in page.tags and "onerror" not in page.attributes, path
        assert "{{ 7*7 }}" in text and "<script>document" not in text, path
        assert re.fullmatch(r"(entries/)?[A-Za-z0-9._=-]+\.html", path), path
    withdrawn = rendered([hostile()], {MARKUP: MARKUP})
    assert all("<script>document" not in text for text in withdrawn.values())
