"""The leaderboard's pages without a browser: rows, groups, what is missing, and untrusted texts."""

from __future__ import annotations

import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest

from leaderboard import build
from leaderboard.site import columns, pages
from leaderboard.site.folder import write
from leaderboard.site.rows import safe, task_tables
from leaderboard.site.significance import OpenData, SignificanceGroups, lead, significance_groups
from rad.errors import RadError
from rad.runtime.statistics import holm, randomisation_test
from rad.types import Prediction
from rad.world.ceilings.store import FOLDER
from tests.support.made_up_entries import answered, entry, example, many, score, stored
from tests.support.submissions import WORLD, world


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("RAD_CACHE", str(tmp_path / "cache"))


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


# --- rows ---


def test_seeds_are_one_row_with_mean_and_spread():
    (table,) = task_tables([entry("sasrec", v, seed) for seed, v in enumerate((0.10, 0.12, 0.17))])
    (row,) = table.rows
    cell = row.score("ndcg@10")
    assert row.seeds == (0, 1, 2) and cell.n == 3
    assert cell.value == pytest.approx(0.13) and cell.sd == pytest.approx(0.036056, abs=1e-6)
    assert (cell.low, cell.high) == pytest.approx((0.12, 0.14)), "the mean of the seeds' intervals"
    assert task_tables([entry("sasrec", 0.1)])[0].rows[0].score("ndcg@10").sd is None, "one seed has no spread"


def test_a_later_entry_of_the_same_seed_counts_and_the_earlier_is_listed():
    old, new = entry("a", 0.3, run_id="old"), entry("a", 0.1, run_id="new", at="2026-02-01T00:00:00Z")
    (table,) = task_tables([new, old])
    assert table.rows[0].score("ndcg@10").value == 0.1 and table.older == [old]
    pages = rendered([new, old])
    assert "Older entries" in pages["world-full-test.html"]
    assert "A later entry" in pages["entries/a-old.html"] and "A later entry" not in pages["entries/a-new.html"]


def test_submitters_and_versions_are_never_mixed():
    entries = [entry("a", 0.1), entry("a", 0.2, run_id="x", submitter="Ben"), entry("a", 0.3, version="2")]
    (table,) = task_tables(entries)
    assert [(r.label, r.submitter) for r in table.rows] == [
        ("a (version 2)", "Ada"),
        ("a", "Ben"),
        ("a (version 1)", "Ada"),
    ]


def test_tasks_and_data_have_tables_of_their_own_and_whole_tasks_come_first():
    other = entry("a", 0.1, run_id="b", sha256="b" * 64)
    entries = [entry("a", 0.1, run_id="r", protocol="rerank"), entry("a", 0.1), other]
    assert [b.slug for b in task_tables(entries)] == [
        "world-full-test-aaaaaaaa",
        "world-full-test-bbbbbbbb",
        "world-rerank-test",
    ]


def test_names_of_files_are_tame_and_never_collide():
    assert safe("../../etc/passwd") not in ("..", "") and "/" not in safe("../../etc/passwd")
    assert safe("a b<script>?#%") == "a_b_script_" and safe("...") == "_"
    addresses = pages.addresses([entry("Model", 0.1, run_id="x"), entry("model", 0.1, run_id="X")])
    assert len({name.lower() for name in addresses.values()}) == 2


# --- what is missing, floors and ceilings ---


def test_missing_results_and_floors_are_shown_as_missing():
    entries = [entry("a", 0.2, scores=[score("recall@10", 0.3)]), entry("b", 0.1)]
    page = rendered(entries)["world-full-test.html"]
    assert columns.further_columns(task_tables(entries)[0].rows)[0].title == "Recall@10"
    rows = re.findall(r"<tr>.*?</tr>", page.split('id="further-table"')[1].split("</tbody>")[0], re.S)[1:]
    cells = [re.findall(r'<td class="n"(?: data-value="([^"]*)")?>', row) for row in rows]
    assert [row[0] for row in cells] == ["0.3", ""], "a missing number has no value to sort by"
    assert '<span class="hidden">missing</span>' in rows[1] and 'class="hidden">not tested' in page
    assert Page(page).text.count("Floor: random, computed here–not known") == 1


def test_ceilings_are_those_that_the_project_stored_and_only_for_its_own_queries():
    record = json.loads(gzip.decompress((FOLDER / "world.json.gz").read_bytes()))
    n = len(record["places"]["bayes"])
    (table,) = task_tables([entry("a", 0.1, sha256=record["dataset_sha256"], n=n)])
    places = np.array(list(record["places"]["bayes"].values()))
    gains = np.where((places > 0) & (places <= 10), 1 / np.log2(np.maximum(places, 1) + 1), 0)
    assert table.bayes == pytest.approx(gains.mean()) and set(table.ceilings) == {"bayes", "oracle"}
    assert "of Bayes" in [c.title for c in columns.columns(table.rows, table.bayes)]
    assert task_tables([entry("a", 0.1, sha256=record["dataset_sha256"], n=n - 1)])[0].ceilings == {}
    assert task_tables([entry("a", 0.1)])[0].ceilings == {}


def test_attested_scores_are_marked():
    page = rendered([entry("a", 0.1, scores=[score("swap", 0.5, basis="attested"), score("mrr", 0.1)])])
    rows = page["world-full-test.html"].split('<table id="attested-table"')[1].split("</tbody>")[0]
    assert rows.count("†") == 1
    assert Page(page["entries/a-a01.html"]).text.count("attested †") == 1


# --- groups ---


def test_groups_follow_their_leaders():
    rng = np.random.default_rng(0)
    base = rng.random(400)
    best, same, worse, worst = base, base + rng.normal(0, 0.05, 400), base - 0.1, base - 0.1 + rng.normal(0, 0.05, 400)
    same -= same.mean() - best.mean() + 0.001
    worst -= worst.mean() - worse.mean() + 0.001
    assert lead([worse, best, worst, same]) == [2, 1, 2, 1]
    assert lead([best]) == [1] and lead([best, best]) == [1, 1]


def test_the_first_group_is_what_compare_does_not_call_worse():
    rng = np.random.default_rng(1)
    values = [np.clip(rng.normal(m, 0.3, 150), 0, 1) for m in (0.5, 0.48, 0.44, 0.40, 0.3)]
    order = np.argsort([-v.mean() for v in values])
    first, rest = order[0], order[1:]
    p = holm(randomisation_test(np.stack([values[first] - values[k] for k in rest], axis=1)))
    assert {k for k, g in enumerate(lead(values)) if g == 1} == {
        first,
        *(k for k, x in zip(rest, p, strict=True) if x >= 0.05),
    }


def _answers(dataset, rank_of):
    """Predictions that put the target at ``rank_of(k)`` of the k-th query."""
    items = list(dataset.items)
    for k, e in enumerate(dataset.examples["test"]):
        (target,) = e.relevant
        owned = {x.item_id for x in e.query.history} | {target}
        ranking = [i for i in items if i not in owned][:30]
        ranking.insert(rank_of(k), target)
        yield Prediction(e.query.query_id, tuple(ranking))


def test_groups_come_from_the_predictions_and_are_kept_by_run(tmp_path):
    dataset = world()
    n, root = len(dataset.examples["test"]), tmp_path / "entries"
    task = {"domain": WORLD, "sha256": dataset.sha256, "n": n}
    entries = [
        answered(root, entry("good", 0.9, 0, **task), list(_answers(dataset, lambda k: k % 2))),
        answered(root, entry("good", 0.9, 1, **task), list(_answers(dataset, lambda k: (k + 1) % 2))),
        answered(root, entry("twin", 0.8, **task), list(_answers(dataset, lambda k: k // 2 % 2))),
        answered(root, entry("poor", 0.1, **task), list(_answers(dataset, lambda k: 8))),
        entry("unsent", 0.5, **task),
    ]
    stored(root, entries)
    (table,) = task_tables(entries)
    opened = []
    significance = significance_groups(table, root, OpenData(None, opened.append))
    assert significance.numbers == {"good01": 1, "twin01": 1, "poor01": 2}
    assert significance.untested == {"predictions were not sent with the entry": ["unsent · Ada"]}
    for path in root.glob("*/*.gz"):
        path.unlink()
    again = significance_groups(table, root, OpenData(tmp_path / "nowhere", opened.append))
    assert again.numbers == significance.numbers, "known by their runs"
    assert sum(what.startswith("opening") for what in opened) == 1
    assert run(root, tmp_path / "site") == 0
    page = (tmp_path / "site" / f"{table.slug}.html").read_text()
    assert "The best model leads group 1" in page and "predictions were not sent with the entry (unsent · Ada)" in page


def test_predictions_that_are_not_the_named_ones_stop_the_build(tmp_path):
    dataset = world()
    task = {"domain": WORLD, "sha256": dataset.sha256, "n": len(dataset.examples["test"])}
    one = answered(tmp_path, entry("a", 0.9, **task), list(_answers(dataset, lambda k: 0)))
    (tmp_path / one.folder / one.predictions.path).write_bytes(gzip.compress(b"{}\n"))
    with pytest.raises(RadError, match=r"a01.predictions.jsonl.gz is not the file that the entry names"):
        significance_groups(task_tables([one])[0], tmp_path, OpenData(None))


def test_tasks_whose_data_are_not_here_say_so_without_folders(tmp_path):
    messages = []
    one = answered(tmp_path, entry("a", 0.1, domain="scientific"), [])
    significance = significance_groups(task_tables([one])[0], tmp_path, OpenData(tmp_path / "raw", messages.append))
    assert significance.numbers == {}
    assert list(significance.untested) == ["the data of this task were not at hand when the page was built"]
    assert any(what.startswith("no floors, groups and further scores for scientific") for what in messages)


def test_entries_on_older_data_are_not_tested(tmp_path):
    one = answered(tmp_path, entry("a", 0.1, domain=WORLD), [])
    (reason,) = significance_groups(task_tables([one])[0], tmp_path, OpenData(None)).untested
    assert reason.startswith("it is of data aaaaaaaa, and world:seed=5")


def test_a_world_that_would_take_hours_is_not_opened(tmp_path):
    one = answered(tmp_path, entry("a", 0.1, domain="world:users=900000000"), [])
    messages = []
    significance = significance_groups(task_tables([one])[0], tmp_path, OpenData(None, messages.append))
    assert significance.numbers == {} and len(significance.untested) == 1 and "users up to" in messages[-1]


# --- the site ---


def test_every_link_leads_somewhere_and_nothing_leaves_the_site(tmp_path):
    entries = many(30)
    taken = entries[5].run_id
    stored(tmp_path / "entries", entries)
    (tmp_path / "entries" / entries[5].folder / f"{taken}.withdrawn.json").write_text(
        json.dumps(
            {
                "schema_version": 1,
                "run_id": taken,
                "reason": "a <b>fault</b>",
                "submitter": {"name": "Ada", "contact": "ada@example.org"},
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
    assert "a &lt;b&gt;fault&lt;/b&gt;" in index
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


def test_a_cache_that_is_broken_or_closed_is_done_without(tmp_path, monkeypatch):
    dataset = world()
    task = {"domain": WORLD, "sha256": dataset.sha256, "n": len(dataset.examples["test"])}
    root = tmp_path / "entries"
    places = {"good": 0, "poor": 8}
    entries = [
        answered(root, entry(n, 0.5, **task), list(_answers(dataset, lambda k, at=at: at))) for n, at in places.items()
    ]
    (table,) = task_tables(entries)
    significance = significance_groups(table, root, OpenData(None))
    assert significance.numbers == {"good01": 1, "poor01": 2}
    for path in (tmp_path / "cache" / "leaderboard").rglob("*.json"):
        path.write_text("{half")
    assert significance_groups(table, root, OpenData(None)).numbers == significance.numbers
    (tmp_path / "no").write_text("")
    monkeypatch.setenv("RAD_CACHE", str(tmp_path / "no" / "cache"))
    assert significance_groups(table, root, OpenData(None)).numbers == significance.numbers


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


def test_untrusted_texts_stay_text():
    for path, text in rendered([hostile()]).items():
        page = Page(text)
        assert page.tags.count("script") == 1 and "img" not in page.tags and "onerror" not in page.attributes, path
        assert "{{ 7*7 }}" in text and "<script>document" not in text, path
        assert re.fullmatch(r"(entries/)?[A-Za-z0-9._=-]+\.html", path), path
    withdrawn = rendered([hostile()], {MARKUP: MARKUP})
    assert all("<script>document" not in text for text in withdrawn.values())
