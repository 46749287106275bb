"""Docstrings for the site: the roles of Sphinx (``:func:`x```) become plain code, which Markdown shows, and doctests
blocks of it: else ``examples["test"][0]`` is read as a link.
"""

import re

import griffe

ROLE = re.compile(r":(?:func|class|mod|meth|attr|data|exc):`~?([^`]+)`")
DOCTEST = re.compile(r"^>>> .*(?:\n(?!\s*$).*)*", re.MULTILINE)  # up to the next empty line


class PlainRoles(griffe.Extension):
    """Rewrites the docstring of every object that is shown."""

    def on_object(self, *, obj: griffe.Object, **_: object) -> None:
        if obj.docstring:
            plain = ROLE.sub(r"`\1`", obj.docstring.value)
            obj.docstring.value = DOCTEST.sub(lambda match: f"```pycon\n{match.group()}\n```", plain)
