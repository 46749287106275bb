"""The base of all pages: everything is escaped, a missing value is an error, and colours can be read."""

from __future__ import annotations

import re

import jinja2
import pytest

from rad.reporting import html


def written(folder, text, **values):
    (folder / "page.html").write_text('{% extends "base.html" %}{% block content %}' + text + "{% endblock %}")
    return html.document(html.environment(folder).get_template("page.html"), "p { color: red }", **values)


def test_what_a_page_shows_is_text(tmp_path):
    page = written(tmp_path, "<p>{{ words }}</p>", words="<b>\x00\u202e{{ 1 }}\ufffe")
    assert "<p>&lt;b&gt;\ufffd\ufffd{{ 1 }}\ufffd</p>" in page


def test_only_the_page_s_own_style_and_script_may_run(tmp_path):
    page = written(tmp_path, "x")
    assert f"style-src {html.source('p { color: red }')}" in page and "<script" not in page
    page = written(tmp_path, "x", script="1 < 2")
    assert "<script>1 < 2</script>" in page and f"script-src {html.source('1 < 2')}" in page
    assert "default-src 'none'" in page


def test_a_missing_value_is_an_error(tmp_path):
    with pytest.raises(jinja2.UndefinedError, match="absent"):
        written(tmp_path, "{{ absent }}")


def test_names_break_after_their_punctuation():
    assert html.breakable("a_b<c,d") == "a_<wbr>b&lt;c,<wbr>d"


def _luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def _contrast(a: str, b: str) -> float:
    high, low = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_have_the_contrast_of_wcag_aa(scheme):
    block = re.findall(r":root \{(.*?)\}", html.style(), re.S)[scheme]
    colour = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    for ground in ("paper", "card"):
        for ink in ("ink", "soft", "link", *(f"c{k}" for k in range(1, 9))):
            assert _contrast(colour[ink], colour[ground]) >= 4.5, (ink, ground)
        for shape in ("edge", "focus"):
            assert _contrast(colour[shape], colour[ground]) >= 3, (shape, ground)
    assert _contrast(colour["ink"], colour["note"]) >= 4.5
    assert all(_contrast(colour["on"], colour[f"c{k}"]) >= 4.5 for k in range(1, 9)), "numbers on their badges"
