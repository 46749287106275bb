"""The plotter: what is drawn stays on its drawing, is text where it was text, and gives the same bytes again."""

from __future__ import annotations

import re
import warnings
from xml.etree import ElementTree

import pytest

from rad.reporting import drawing, plots
from rad.reporting.plots import Curve, Interval, Point

EVIL = "<script>alert('x')</script>$\\frac{1}{2}$ \x00\u202e漢\ud800\"'&"
ALL = {
    "intervals": lambda name: plots.intervals(
        [Interval(name, name, 0.5, (0.4, 0.6)), Interval(name, name, None)], name, {name: 0.7}, (-1, 1), name
    ),
    "stacked": lambda name: plots.stacked([(name, {"a": 1, "b": 2}), (name, {})], {"a": "s0", "b": "s4"}, name),
    "bars": lambda name: plots.bars([(name, 1, name)], 3, name),
    "heat": lambda name: plots.heat([name, "b"], {(name, "b"): 0.4}, name),
    "scatter": lambda name: plots.scatter([Point(name, name, 1.0, 0.5), Point("b", "", None, 0.1)], name, name),
    "curves": lambda name: plots.curves([Curve(name, name, [(0, 0), (1, 1)], "c1")], name, name),
}


@pytest.mark.parametrize("kind", ALL)
def test_every_plot_is_text_and_asks_for_nothing(kind):
    drawn = ALL[kind](EVIL)
    root = ElementTree.fromstring(drawn)
    assert "<script" not in drawn and "$\\frac{1}{2}$" in drawn
    assert not re.search("[\x00\u202e\ud800]|url\\(|https?:|href|style=| id=", drawn)
    assert root.get("role") == "img" and root.get("aria-label") and root[0].tag == "desc" and root[0].text
    colours = {v for node in root.iter() for k, v in node.attrib.items() if k in ("fill", "stroke")}
    assert colours <= {"none", *(f"var(--{name})" for name in drawing.NAMES)}, "colours are the page's"
    assert drawn == ALL[kind](EVIL), "the same bytes again"


def test_plots_of_nothing_are_whole():
    for drawn in (
        plots.intervals([], "x"),
        plots.stacked([], {}, "x"),
        plots.bars([], 0, "x"),
        plots.heat([], {}, "x"),
        plots.scatter([], "x", "y"),
        plots.curves([Curve("1", "", [], "c1")], "x", "y"),
    ):
        ElementTree.fromstring(drawn)


def test_a_plot_warns_of_nothing_and_leaves_no_setting_behind():
    import matplotlib

    before = dict(matplotlib.rcParams)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plots.bars([("漢字", 1, "1")], 1, "x")
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("values", [(), (0.0, 0.0), (1.0, 1.0), (0.031, 0.0315), (-1.0, 1.0), (0.02, 1200.0)])
def test_axes_hold_their_values(values):
    ticks = plots._ticks(values)
    assert 2 <= len(ticks) <= 8 and all(ticks[0] <= v + 1e-9 and v - 1e-9 <= ticks[-1] for v in values)


def test_runs_at_one_place_keep_their_numbers_apart():
    points = [Point(str(k), "", 0.5, 0.1, (0.4, 0.6), (0.05, 0.15), plots.colour(k)) for k in range(1, 9)]
    drawn = plots.scatter([*points, Point("9", "", None, 0.1)], "swap", "NDCG@10")
    root = ElementTree.fromstring(drawn)
    places = {t.text: (t.get("x"), t.get("y")) for t in root.iter("text") if t.text in "123456789"}
    assert len(places) == len(set(places.values())) == 9 and ">none<" in drawn


@pytest.mark.parametrize("logarithmic", [True, False])
def test_points_and_names_stay_on_the_drawing(logarithmic):
    points = [Point(f"a model of some name {k}", "", 10 ** (k % 7 - 3), k / 30) for k in range(30)]
    root = ElementTree.fromstring(plots.scatter(points, "ms", "NDCG@10", logarithmic))
    names = [t for t in root.iter("text") if (t.text or "").startswith("a model")]
    assert names and len(names) < 30, "names without room are left out"
    for node in (*root.iter("text"), *root.iter("path")):
        x, y = node.get("x"), node.get("y")
        if match := re.match(r"translate\(([\d.e-]+) ([\d.e-]+)\)", node.get("transform", "")):
            x, y = match.groups()
        if x and y:
            assert -1 <= float(x) <= plots.WIDTH + 1 and -1 <= float(y) <= plots.HEIGHT + 1
    dots = [node for node in root.iter("path") if "translate" in node.get("transform", "")]
    assert len(dots) == 30, "a point that has no room for its name is drawn"


def test_a_mark_tells_its_values_to_a_pointer():
    drawn = plots.scatter([Point("a", "a: swap 0.5, NDCG@10 0.1", 0.5, 0.1)], "swap", "NDCG@10")
    assert "<title>a: swap 0.5, NDCG@10 0.1</title>" in drawn and "<desc>a: swap 0.5, NDCG@10 0.1</desc>" in drawn
