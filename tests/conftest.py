"""The toy world, and what every test may rely on: no sockets but localhost, a cache of its own, no data by accident.

The toy world has 20 items (5 colours of 4 garments, each with an invented name) and 12 users. By hand:

- u11 has the sequence of u10, so 11 users stay; u12 has one interaction, so 10 have queries.
- Training prefixes: u01 2, u02 1, u05 1, u06 1, u07 2, so 7; validation 10; test 10.
- u09's last item, red-scarf, is also their first: a repeat target.
- green-boots is in no sequence, and green-scarf only in that of u12.
- Test targets: u01 blue-hat, u02 red-boots, u03 blue-scarf, u04 blue-scarf, u05 white-scarf, u06 blue-hat,
  u07 black-hat, u08 green-coat, u09 red-scarf, u10 white-boots. Nobody has blue-scarf or green-coat before, so 3 of 10
  are cold.
- Times: interaction k of user n is at 100 k + n.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import ssl
import time
import types
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from rad.data import splits
from rad.data.dataset import Dataset
from rad.data.domain import Corpus
from rad.data.load import open_dataset
from rad.runtime.files import sha256_lines
from rad.types import Evidence, Interaction, Item, Rationale, Reason
from tests.support.fake_endpoint import FakeEndpoint, one_context
from tests.support.fake_hub import TOKEN, FakeHub

COLOURS = ("black", "blue", "green", "red", "white")
GARMENTS = ("boots", "coat", "hat", "scarf")
NAMES = (
    *("Arbo", "Belu", "Cado", "Delk", "Emra", "Fosk", "Gilu", "Haro", "Ilmo", "Jask"),
    *("Kelt", "Luro", "Mavi", "Nork", "Olbu", "Pram", "Quiv", "Rask", "Selk", "Tamu"),
)
SEQUENCES = {
    "u01": ("red-coat", "red-hat", "red-scarf", "red-boots", "blue-boots", "blue-hat"),
    "u02": ("red-hat", "red-coat", "blue-hat", "red-scarf", "red-boots"),
    "u03": ("blue-coat", "blue-hat", "blue-scarf"),
    "u04": ("blue-hat", "blue-coat", "blue-boots", "blue-scarf"),
    "u05": ("black-boots", "black-coat", "black-hat", "black-scarf", "white-scarf"),
    "u06": ("green-hat", "white-hat", "black-hat", "red-hat", "blue-hat"),
    "u07": ("white-coat", "white-boots", "white-scarf", "white-hat", "green-hat", "black-hat"),
    "u08": ("red-coat", "blue-coat", "black-coat", "green-coat"),
    "u09": ("red-scarf", "red-hat", "red-coat", "red-scarf"),
    "u10": ("black-boots", "red-boots", "blue-boots", "white-boots"),
    "u11": ("black-boots", "red-boots", "blue-boots", "white-boots"),
    "u12": ("green-scarf",),
}
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
MOST_WORKERS = 8  # each takes up to 2 GB of memory
DATA = Path(os.environ.get("RAD_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")


if workers := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")):
    # Before numpy and torch come in: workers share the cores, and so do the processes that their tests start.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, CORES // workers)))


def pytest_xdist_auto_num_workers(config):
    """Folders run on all cores. Files, and tests of one, run in this process, so that prints and ``--pdb`` work."""
    paths = [Path(argument.partition("::")[0]) for argument in config.args]
    return min(CORES, MOST_WORKERS) if any(path.is_dir() for path in paths) else 0


def pytest_collection_modifyitems(items):
    if not DATA.is_dir():
        skip = pytest.mark.skip(reason="needs raw files: set RAD_DATA to their folder")
        for item in items:
            if item.get_closest_marker("realdata"):
                item.add_marker(skip)


@pytest.fixture(autouse=True)
def _closed_sockets(request):
    """Only localhost answers, but for tests marked ``network``."""
    if request.node.get_closest_marker("network"):
        yield
        return
    import pytest_socket

    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)
    yield
    pytest_socket._remove_restrictions()


@pytest.fixture(scope="session", autouse=True)
def _own_environment(tmp_path_factory):
    """A cache that all workers of a run share, so that what one has trained or encoded is there for the others."""
    folder = tmp_path_factory.getbasetemp()
    cache = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAD_CACHE", str(cache))
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.delenv("RAD_DATA", raising=False)
        yield


@pytest.fixture
def fake_endpoint(monkeypatch, tmp_path):
    """A server of our own that speaks like a model's endpoint, with an empty cache of answers and no key set."""
    monkeypatch.setenv("RAD_CACHE", str(tmp_path / "cache"))
    for name in ("RAD_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(ssl, "create_default_context", one_context)
    server = FakeEndpoint()
    yield server
    server.close()


@pytest.fixture
def slept(monkeypatch) -> list[float]:
    """Waits before a request is sent again take no time; the list has their seconds."""
    from huggingface_hub.utils import _http

    from rad.release import hub

    waits: list[float] = []
    fake = types.SimpleNamespace(**{**vars(time), "sleep": waits.append})
    monkeypatch.setattr(_http, "time", fake)
    monkeypatch.setattr(hub, "time", fake)
    return waits


@pytest.fixture
def fake_hub(monkeypatch, tmp_path, slept):
    """A stand-in for the Hub that HF_ENDPOINT names, with a token that may write and an empty cache."""
    from huggingface_hub import constants

    server = FakeHub()
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("RAD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # the stand-in speaks LFS
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no_token"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder with raw files; only for tests marked ``realdata``."""
    return DATA


@pytest.fixture(scope="session")
def scientific(data_dir: Path) -> Dataset:
    """The real domain, read once; only for tests marked ``realdata``."""
    return open_dataset("scientific", data_dir)


def toy_items() -> dict[str, Item]:
    """The 20 items in catalogue order: black-boots, black-coat, ..., white-scarf."""
    items = {}
    for name, (colour, garment) in zip(NAMES, [(c, g) for c in COLOURS for g in GARMENTS], strict=True):
        title = f"{name} {colour} {garment}"
        item_id = f"{colour}-{garment}"
        attributes = {"colour": (colour,), "garment": (garment,)}
        items[item_id] = Item(item_id, "toy", title, f"{title}. {colour} {garment} for winter", attributes)
    return items


def toy_sequences() -> dict[str, tuple[Interaction, ...]]:
    return {
        user: tuple(Interaction(user, item, 100 * k + int(user[1:])) for k, item in enumerate(sequence))
        for user, sequence in SEQUENCES.items()
    }


def toy_rationales() -> dict[str, Rationale]:
    """What is known of two test queries: u01 wants a blue hat, u08's choice is unexplained."""
    wants_blue = Reason(Evidence((4,), "attribute", "colour", "blue"), wants=(("colour", "blue"),), weight=0.6)
    wants_hat = Reason(Evidence((1,), "attribute", "garment", "hat"), wants=(("garment", "hat"),), weight=0.3)
    text = "Because of the blue in [5], something blue. Because of the hat in [2], a hat."
    return {
        "u01-5": Rationale("r-u01-5", "u01-5", (wants_blue, wants_hat), text, "supported", "known", "toy", "1"),
        "u08-3": Rationale("r-u08-3", "u08-3", (), "Nothing explains it.", "unexplained", "known", "toy", "1"),
    }


@pytest.fixture
def toy_corpus() -> Corpus:
    return Corpus(items=tuple(toy_items().values()), sequences=toy_sequences(), rationales=toy_rationales())


@pytest.fixture
def toy(toy_corpus: Corpus) -> Dataset:
    """The toy world split leave-last-out."""
    items = toy_items()
    sequences = splits.distinct_users(toy_corpus.sequences)
    return Dataset(
        name="toy",
        version="1",
        sha256=sha256_lines(items.values()),
        items=items,
        examples=splits.leave_last_out("toy", sequences, toy_corpus.rationales),
        sequences=sequences,
    )


RAW_SEQUENCES = {"0": "0 1 2 3", "1": "2 1 0", "2": "3 4", "3": "1 2 3 4 0"}
RAW_ITEMS = (
    ("B0", "Dark Side Oscilloscope", "Rigol", "Industrial & Scientific,Test, Measure & Inspect,Testers"),
    (
        "B1",
        "Duct Tape, 2 in.",
        "Gorilla",
        "Industrial & Scientific,Tapes, Adhesives & Sealants,Adhesive Tapes,Duct Tape",
    ),
    ("B2", "Foam Tape", "GORILLA", "Industrial & Scientific Tapes, Adhesives & Sealants Adhesive Tapes Foam Tape"),
    ("B3", "Industrial & Scientific />", "Generic", ""),
    ("B4", "", "", ""),
)


@pytest.fixture
def raw_scientific(tmp_path: Path) -> Path:
    """A folder ``scientific`` with five items and four users in the files' own format, to be opened as ``:changed``.

    Users 0 and 3 have training rows; user 1 has three items and user 2 two.
    """
    folder = tmp_path / "raw" / "scientific"
    folder.mkdir(parents=True)
    rows: dict[str, list[str]] = {"train": [], "valid": [], "test": []}
    for user, text in RAW_SEQUENCES.items():
        ids = text.split(" ")
        for n in range(len(ids) - 1, 0, -1):
            split = {len(ids) - 1: "test", len(ids) - 2: "valid"}.get(n, "train")
            rows[split].append(f"{user}\t{' '.join(ids[:n])}\t{ids[n]}\n")
    for split, lines in rows.items():
        header = "user_id:token\titem_id_list:token_seq\titem_id:token\n"
        (folder / f"Scientific.{split}.inter").write_text(header + "".join(lines), encoding="utf-8")
    users = "".join(f"U{user}\t{user}\n" for user in RAW_SEQUENCES)
    (folder / "Scientific.user2index").write_text(users, encoding="utf-8")
    index = "".join(f"{row[0]}\t{k}\n" for k, row in enumerate(RAW_ITEMS))
    (folder / "Scientific.item2index").write_text(index, encoding="utf-8")
    names = ("item_id", "title", "brand", "categories")
    lines = [json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in RAW_ITEMS]
    (folder / "items.jsonl").write_text("".join(lines), encoding="utf-8")
    return folder


def purchases(n_users: int = 80, n_items: int = 60) -> list[tuple[str, str, float, int]]:
    """Invented (user, item, rating, UTC seconds): 8 items a user, the first ones more often, in no order of time."""
    draw = random.Random(7)
    out = []
    for user in range(n_users):
        chosen: list[int] = []
        while len(chosen) < 8:
            item = min(int(draw.expovariate(4 / n_items)), n_items - 1)
            chosen += [item] if item not in chosen else []
        times = draw.sample(range(1_400_000_000, 1_500_000_000), len(chosen))
        out += [(f"U{user}", f"B{i:04}", float(draw.randint(1, 5)), t) for i, t in zip(chosen, times, strict=True)]
    draw.shuffle(out)
    return out


def write_json(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    """JSON lines, packed where the name ends in ``.gz``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt") if path.suffix == ".gz" else open(path, "w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


def amazon_reviews(year: int) -> list[dict[str, Any]]:
    """:func:`purchases` in the publisher's fields of 2018 or 2023."""
    if year == 2018:
        return [
            {"reviewerID": u, "asin": i, "overall": r, "unixReviewTime": t, "summary": f"of {i}", "reviewText": "Well."}
            for u, i, r, t in purchases()
        ]
    return [
        {
            "user_id": u,
            "parent_asin": i,
            "asin": f"{i}-blue",
            "rating": r,
            "timestamp": 1000 * t + 1,
            "title": f"of {i}",
        }
        | {"text": "Well.", "images": [], "helpful_vote": 0, "verified_purchase": True}
        for u, i, r, t in purchases()
    ]


def amazon_items(year: int) -> list[dict[str, Any]]:
    """The 60 items of :func:`purchases` and one that nobody has, in the fields of 2018 or 2023."""
    key, path, brand = ("asin", "category", "brand") if year == 2018 else ("parent_asin", "categories", "store")
    more: dict[str, Any] = {"price": "$9.99", "also_buy": ["B0001"], "rank": "1 in Shoes", "description": ["Good."]}
    if year == 2023:
        details = {"Color": "Navy", "Best Sellers Rank": {"Shoes": 1}, "Department": "womens"}
        more = {"average_rating": 4.9, "rating_number": 1234, "price": 9.99, "features": ["Soft."]}
        more |= {"description": ["Good."], "details": details}
    names = [f"B{k:04}" for k in range(61)]
    return [
        {key: n, "title": f"Shoe {n}", path: ["Clothing", "Shoes", f"Kind {k % 4}"], brand: f"Maker {k % 7}"} | more
        for k, n in enumerate(names)
    ]


def raw_amazon(folder: Path, year: int, end: str = "", category: str = "Amazon_Fashion") -> Path:
    """A folder with a category's reviews and metadata as the publisher has them; ``end`` is empty or ``.gz``."""
    kind = "json" if year == 2018 else "jsonl"
    write_json(folder / f"{category}.{kind}{end}", amazon_reviews(year))
    write_json(folder / f"meta_{category}.{kind}{end}", amazon_items(year))
    return folder


def raw_recbole(folder: Path, name: str = "shoes", timed: bool = True) -> Path:
    """A folder with :func:`purchases` in RecBole's atomic files."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["item_id:token\tuser_id:token\trating:float" + timed * "\ttimestamp:float"]
    lines += [f"{i}\t{u}\t{r}" + timed * f"\t{t}.0" for u, i, r, t in purchases()]
    (folder / f"{name}.inter").write_text("\n".join(lines) + "\n")
    lines = ["item_id:token\ttitle:token_seq\tbrand:token\tclass:token_seq\tprice:float\tsales_rank:token"]
    lines += [f"B{k:04}\tShoe number {k}\tMaker {k % 7}\tred kind{k % 4}\t9.5\t{k}" for k in range(61)]
    (folder / f"{name}.item").write_text("\n".join(lines) + "\n")
    return folder
