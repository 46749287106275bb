"""``world_science``: readers of research papers, generated; the reason for every choice is known."""

from __future__ import annotations

from rad.domains import world


class Domain(world.Domain):
    """The built-in world of papers. Needs no files."""

    name = "world_science"
    vocabulary = "science"
