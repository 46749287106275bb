"""Files as editors on Windows save them: with a byte order mark at their beginning."""

from __future__ import annotations

import codecs
import gzip
from pathlib import Path


def marked(folder: Path) -> Path:
    """Put a byte order mark before every text file below ``folder``, packed ones too."""
    for path in folder.rglob("*"):
        if not path.is_file() or path.suffix == ".parquet":
            continue
        content = path.read_bytes()
        if path.suffix == ".gz":
            path.write_bytes(gzip.compress(codecs.BOM_UTF8 + gzip.decompress(content)))
        else:
            path.write_bytes(codecs.BOM_UTF8 + content)
    return folder
