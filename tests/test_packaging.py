"""What an installed package promises: one version, typed packages, every file that the code reads."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

import rad

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
VERSION = PROJECT["project"]["version"]


def test_the_version_is_one():
    assert rad.__version__ == VERSION, "installed from another version: pip install -e . again"
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\n## [{VERSION}]" in changes and changes.index(f"\n## [{VERSION}]") == changes.index("\n## [")
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"] == VERSION
    assert f"/refs/tags/v{VERSION}.tar.gz" in (ROOT / "leaderboard" / "workflow.yml").read_text(encoding="utf-8")


def test_importing_rad_reads_no_version_and_no_large_library():
    heavy = "{'importlib.metadata', 'torch', 'datasets', 'numpy', 'pyarrow'}"
    code = f"import sys; before = set(sys.modules); import rad; print(({heavy} & sys.modules.keys()) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "set()\n", done.stdout + done.stderr


def test_what_is_beside_the_code_is_packed_with_it():
    """Every file of the packages is Python, or matches a pattern of its package in ``pyproject.toml``."""
    patterns = PROJECT["tool"]["setuptools"]["package-data"]
    packed = {
        path for name, own in patterns.items() for p in own for path in ROOT.glob(f"{name.replace('.', '/')}/{p}")
    }
    left_out = ("leaderboard/entries",)  # grows with every entry; a results repository has its own
    for package in ("rad", "annotation", "benchmarks", "leaderboard"):
        assert ROOT / package / "py.typed" in packed
        for path in (ROOT / package).rglob("*"):
            name = path.relative_to(ROOT).as_posix()
            if path.is_file() and path.suffix not in (".py", ".pyc") and not name.startswith(left_out):
                assert path in packed, f"{name} is in no wheel: add it to package-data"


def test_the_lock_has_every_requirement():
    lock = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower().replace("_", "-")
    extras = PROJECT["project"]["optional-dependencies"]
    left_out = {"serve"}  # old pins, for an environment of their own
    needs = [*PROJECT["project"]["dependencies"], *(n for e, own in extras.items() if e not in left_out for n in own)]
    for need in needs:
        name = need.lower().replace("_", "-").partition("[")[0].partition(">")[0].partition("=")[0]
        assert name == "rad-bench" or f"\n{name}==" in lock, need
