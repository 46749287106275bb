"""What reviewers read, and its version: ``guidelines.md``, or ``comparing.md``, and below it ``consent.md``."""

from __future__ import annotations

import re
from pathlib import Path

_HERE = Path(__file__).parent
REVIEWING, CONSENT = ((_HERE / name).read_text(encoding="utf-8") for name in ("guidelines.md", "consent.md"))
TEXT = f"{REVIEWING}\n\n{CONSENT}"
COMPARING = "{}\n\n{}".format((_HERE / "comparing.md").read_text(encoding="utf-8"), CONSENT)
(VERSION,) = re.findall(r"^Version (\d+)\.", TEXT, re.MULTILINE)
