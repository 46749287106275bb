"""The folder of the site: written whole in place of the last one, or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from rad.errors import RadError
from rad.reporting import html
from rad.runtime.files import atomic_write

PAGE = Path(__file__).parent / "page"
MARK = "rad-leaderboard"  # a file of this name says that a folder is a site that may be replaced


def write(out: Path, pages: Iterable[tuple[str, str]]) -> int:
    """The site in place of what was built there before, all of it or nothing; the number of pages."""
    out = Path(os.path.abspath(out))
    if out.exists() and not (out / MARK).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise RadError(f"{out}: is not a site that this command built; name another folder with --out")
    part, old = (out.with_name(f".{out.name}.{os.getpid()}.{end}") for end in ("part", "old"))
    count = 0
    try:
        for path, text in pages:
            with atomic_write(part / path) as file:
                file.write(text)
            count += 1
        (part / "page.css").write_text(html.style(PAGE / "page.css"), encoding="utf-8")
        shutil.copyfile(PAGE / "page.js", part / "page.js")
        (part / MARK).write_text("Built by: python -m leaderboard build. The next build replaces this folder.\n")
        (part / ".nojekyll").touch()  # GitHub Pages: serve the files as they are
        if out.exists():
            out.rename(old)
        part.rename(out)
    except OSError as error:
        raise RadError(f"{out}: the site cannot be written there ({error.strerror})") from error
    finally:
        if old.exists() and not out.exists():
            old.rename(out)
        for left in (part, old):
            shutil.rmtree(left, ignore_errors=True)
    return count
