"""Write a task file for each kind of task and each domain that needs no argument.

python -m benchmarks.lm_eval_tasks.generate
"""

from __future__ import annotations

from pathlib import Path

from rad import registry
from rad.runtime.files import atomic_write

FOLDER = Path(__file__).parent / "domains"
KINDS = ("rank", "rationale", "like")
NEED_ARGUMENT = ("amazon", "recbole", "campaign", "release")  # their folder is told by --metadata


def files() -> dict[str, str]:
    """Name of each file and its text."""
    domains = [name for name in registry.names("rad.domains") if name not in NEED_ARGUMENT]
    return {
        f"{kind}_{domain}.yaml": f"include: ../{kind}.yaml\ntask: rad_{kind}_{domain}\n"
        f"metadata: {{version: 1.0, domain: {domain}}}\n"
        for kind in KINDS
        for domain in domains
    }


def main() -> None:
    for name, text in files().items():
        with atomic_write(FOLDER / name) as file:
            file.write(text)
    print(f"{len(files())} files in {FOLDER}")


if __name__ == "__main__":
    main()
