"""The one way to a page: a jinja environment that escapes everything, the base template and the base style.

A template extends ``base.html`` and fills its blocks ``title``, ``content`` and, where it needs them, ``top`` and
``assets``. :func:`document` renders a page that is one file; a site of several files renders its templates with
:func:`environment` and links its style instead.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import jinja2
from markupsafe import Markup

BASE = Path(__file__).parent / "page"
# Control characters, halves of surrogate pairs, and marks that turn the direction of what follows.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def environment(folder: Path) -> jinja2.Environment:
    """The environment of the templates in ``folder``, which see ``base.html`` too. A name without a value raises."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader([folder, BASE]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def style(*more: Path) -> str:
    """The base style, followed by the style files of one page."""
    return "".join(path.read_text(encoding="utf-8") for path in (BASE / "base.css", *more))


def policy(style_source: str, script_source: str = "'none'") -> Markup:
    """The content security policy of a page: no requests, no forms, and styles and scripts from one source each."""
    return Markup(
        f"default-src 'none'; style-src {style_source}; script-src {script_source}; base-uri 'none'; form-action 'none'"
    )


def document(template: jinja2.Template, css: str, script: str = "", **values: object) -> str:
    """A page in one file, with its style and script inside. The policy admits these two by their hashes alone.

    Args:
        template: A template that extends ``base.html``.
        css: The style, as :func:`style` gives it.
        script: The script, if the page has one.
        values: What the template shows.
    """
    allowed = policy(source(css), source(script) if script else "'none'")
    html = template.render(policy=allowed, style=Markup(css), script=Markup(script), **values)
    return UNPRINTABLE.sub("\ufffd", html)


def picture(svg: str) -> str:
    """A drawing of a page as a file of its own: it brings the first colours of the base style, and a white ground."""
    colours = re.search(r":root \{.*?\}", style(), re.DOTALL)
    assert colours is not None
    light = colours[0].replace("light dark", "light")
    own = f"<style>{light} svg {{ background: #fff; font-family: sans-serif }}</style>"
    start, _, rest = svg.partition(">")
    return f'{start} xmlns="http://www.w3.org/2000/svg">{own}{rest}\n'


def source(text: str) -> str:
    """The name that a content security policy has for one inline style or script: its hash."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def breakable(name: str) -> Markup:
    """A name, escaped, that a narrow column may break after its punctuation."""
    return Markup("<wbr>").join(part for part in re.split(r"(?<=[._=,:/@-])", name) if part)
