"""The best scores that are possible on a built-in world: the oracle and the Bayes ceiling.

    python -m rad.world.ceilings world            # a table, and a small file that the main job reads
    python -m rad.world.ceilings world_science
    python -m rad.world.ceilings world:seed=7     # another world: its file goes to the cache folder

The *oracle* knows the user's hidden state (tastes, limit, current need) but not in which way the choice will be made:
it ranks by the exact distribution, unexplained choices included. The *Bayes ceiling* ranks by p(next item | history),
averaged over hidden states sampled from their posterior (``rad.world.posterior``). It knows the generator and each
item's appeal; of the user it knows the history alone. On average, sampling can only lose accuracy, so it is a lower
bound of the true ceiling; the difference between single chains and their pool shows how tight it is, and where the
score that its probabilities promise is the one they get, the posterior is right.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rad.data.dataset import load_domain, open_dataset
from rad.data.splits import public_id, query_id
from rad.domains.world import Domain as Generated
from rad.errors import RadError, run
from rad.runtime.files import atomic_write, cache_dir
from rad.runtime.statistics import bootstrap, column_means, percentile_interval
from rad.world import catalogue as catalogues
from rad.world import choice_model, known, posterior
from rad.world import users as people
from rad.world.posterior import MODES, Floats, Histories, World
from rad.world.rng import Ints, weight
from rad.world.simulate import CELLS, Settings
from rad.world.users import COMPLEMENT, NEED, UNEXPLAINED, People

CUT = 100  # rankings hold this many items
CHAINS, SWEEPS, BURN_IN = 2, 60, 20
FOLDER = Path(__file__).parent / "stored"
ROUNDS = 1_000  # of the bootstrap
_BACK = {"test": 1, "validation": 2}


@dataclass(frozen=True)
class Ceilings:
    """Rankings of the oracle and of the Bayes ceiling by query id, and what is needed to judge them.

    ``places`` has the target's place in each ranking (1 = first, 0 = not in the ranking); ``chains`` the mean NDCG@10
    of each Markov chain on its own; ``expected`` the mean NDCG@10 that each row's own probabilities promise.
    """

    rankings: dict[str, dict[str, tuple[str, ...]]]
    places: dict[str, dict[str, int]]
    chains: tuple[float, ...]
    expected: dict[str, float]


def rankings(name: str, split: str = "test") -> dict[str, dict[str, tuple[str, ...]]]:
    """``{"oracle": {query_id: 100 item ids}, "bayes": {...}}``, the history masked. Minutes for 2,000 users."""
    return compute(name, split).rankings


def compute(
    name: str,
    split: str = "test",
    chains: int = CHAINS,
    sweeps: int = SWEEPS,
    seed: int = 0,
    done: Callable[[int], None] = lambda n: None,
) -> Ceilings:
    """Both ceilings of the world ``name``. ``seed`` is of the sampling; ``done`` is told of finished users."""
    domain = load_domain(name)
    if not isinstance(domain, Generated):
        raise RadError(f"{name}: ceilings are known for built-in worlds only (world, world_science)")
    if split not in _BACK:
        raise RadError(f"split '{split}' has no ceilings; available: {', '.join(_BACK)}")
    settings = domain.settings
    tables = choice_model.Tables(catalogues.build(domain.spec, settings.seed, settings.items))
    block, made = _world(tables, settings)
    at = block.length - _BACK[split]
    item, rating, spoken, feeling = (_cut(a, at) for a in (made.item, made.rating, made.spoken, made.feeling))
    seen = Histories(item, rating, spoken, feeling, at)
    users = [public_id(domain.spec.domain, "user", f"user-{u}") for u in block.user.tolist()]
    keys = [query_id(user, int(k)) for user, k in zip(users, at, strict=True)]
    target = made.item[np.arange(len(at)), at]
    ranker = _Ranker(tables.catalogue.ids)
    out: dict[str, dict[str, tuple[str, ...]]] = {"oracle": {}, "bayes": {}}
    places: dict[str, dict[str, int]] = {"oracle": {}, "bayes": {}}
    single, expected = np.zeros(chains), dict.fromkeys(out, 0.0)

    def add(what: str, rows: Ints, odds: Floats) -> None:
        order, place = ranker(odds, target[rows])
        for k, row in enumerate(rows.tolist()):
            out[what][keys[row]] = tuple(ranker.ids[i] for i in order[k, :CUT])
            places[what][keys[row]] = int(place[k]) if place[k] <= CUT else 0
        expected[what] += float((-np.sort(-odds, axis=1)[:, :10] * ndcg(np.arange(1, 11))).sum()) / len(at)

    for rows, odds in posterior.predictive(World(tables), seen, seed, chains, sweeps, sweeps * BURN_IN // SWEEPS):
        add("bayes", rows, odds.mean(0))
        for c in range(chains):
            single[c] += ndcg(ranker(odds[c], target[rows])[1]).sum()
        add("oracle", rows, _oracle(tables, block, made.item, at, rows))
        done(len(rows))
    return Ceilings(out, places, tuple((single / len(at)).tolist()), expected)


def ndcg(place: Ints) -> Floats:
    """NDCG@10 of one relevant item at a place (1 = first; 0 = not ranked)."""
    return np.where((place >= 1) & (place <= 10), 1 / np.log2(np.maximum(place, 1) + 1), 0.0)


def scores(place: int) -> dict[str, float]:
    """The scores that a target's place in a ranking of 100 gives."""
    return {
        "ndcg@10": float(ndcg(np.array([place]))[0]),
        "recall@10": float(1 <= place <= 10),
        "mrr": 1 / place if place else 0.0,
    }


class _Ranker:
    """Orders items by odds; ties by the order of public ids, as everywhere."""

    def __init__(self, ids: Sequence[str]) -> None:
        self.order = np.argsort(np.array(ids))
        self.ids = [ids[i] for i in self.order]
        self.place = np.argsort(self.order)

    def __call__(self, odds: Floats, target: Ints) -> tuple[Ints, Ints]:
        """Orders (rows, items) as numbers into ``ids``, and the target's place from 1 (rows,)."""
        order = np.argsort(-odds[:, self.order], axis=1, kind="stable")
        place = (order == self.place[target][:, None]).argmax(1) + 1
        return order, place


def _world(tables: choice_model.Tables, settings: Settings) -> tuple[People, choice_model.Choices]:
    """Every user's hidden state and choices, in blocks so that the odds of all items fit the memory."""
    size = max(1, CELLS // settings.items)
    vocabulary = tables.catalogue.vocabulary
    parts = []
    for start in range(0, settings.users, size):
        user = np.arange(start, min(start + size, settings.users))
        block = people.draw(vocabulary, settings.seed, user, settings.shortest, settings.longest)
        parts.append((block, choice_model.choose(tables, block, settings.seed)))
    return _joined(People, [b for b, _ in parts]), _joined(choice_model.Choices, [c for _, c in parts])


def _joined(kind: Any, parts: Sequence[Any]) -> Any:
    return kind(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in kind.__dataclass_fields__})


def _cut(values: Ints, at: Ints) -> Ints:
    return np.where(np.arange(values.shape[1])[None, :] < at[:, None], values, -1)


def _oracle(tables: choice_model.Tables, block: People, item: Ints, at: Ints, rows: Ints) -> Floats:
    """(rows, items): the exact distribution of the next choice, given all but its mode."""
    at, item = at[rows], item[rows]
    base = choice_model.tastes(tables.catalogue, block.likes[rows], block.dislikes[rows])
    base = base + tables.limit[block.limit[rows]] + tables.catalogue.appeal
    k = np.arange(len(rows))
    kinds = {
        UNEXPLAINED: np.tile(tables.impulse, (len(rows), 1)),
        COMPLEMENT: weight(base + tables.complement(item[k, at - 1])),
        NEED: weight(base + tables.need[block.need[rows, at]]),
    }
    owned = np.zeros(base.shape, dtype=bool)
    user, step = np.nonzero(np.arange(item.shape[1])[None, :] < at[:, None])
    owned[user, item[user, step]] = True
    out = np.zeros(base.shape)
    for mode, odds in kinds.items():
        free = np.where(owned, 0, odds).astype(np.float64)
        out += MODES[mode] * free / free.sum(1, keepdims=True)
    return out


def stored(dataset_sha256: str) -> dict[str, dict[str, dict[str, float]]] | None:
    """``{"oracle": {query_id: {"ndcg@10": .., "recall@10": .., "mrr": ..}}, "bayes": ..}`` of a data set's test split.

    None where nobody computed them (see the module's commands).
    """
    for path in (*sorted(FOLDER.glob("*.json.gz")), _cached(dataset_sha256)):
        if not path.exists():
            continue
        try:
            record = json.loads(gzip.decompress(path.read_bytes()))
            if record["dataset_sha256"] == dataset_sha256:
                pairs = record["places"].items()
                return {what: {key: scores(place) for key, place in rows.items()} for what, rows in pairs}
        except (OSError, EOFError, ValueError, KeyError) as error:
            raise RadError(f"{path}: not a file of ceilings ({error}); delete it") from error
    return None


def _cached(sha256: str) -> Path:
    return cache_dir() / "ceilings" / f"{sha256}.json.gz"


def summary(places: Mapping[str, Iterable[int]]) -> list[tuple[str, float, float, float, float, float]]:
    """Rows of (name, NDCG@10, its interval's ends, recall@10, MRR)."""
    out = []
    for name, row in places.items():
        each = [scores(place) for place in row]
        gains = np.array([s["ndcg@10"] for s in each])
        recall, mrr = (float(np.mean([s[m] for s in each])) for m in ("recall@10", "mrr"))
        resampled = bootstrap(column_means(gains[:, None]), len(gains), samples=ROUNDS)
        low, high = percentile_interval(resampled[:, 0]) or (np.nan, np.nan)
        out.append((name, float(gains.mean()), low, high, recall, mrr))
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    """Compute, print and write both ceilings of one world's test split."""
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table

    top = argparse.ArgumentParser(prog="python -m rad.world.ceilings", description=(__doc__ or "").split("\n\n")[0])
    top.add_argument("name", nargs="?", default="world", help="world or world_science, with settings (world:users=500)")
    top.add_argument("--seed", type=int, help="the world's seed, instead of the one in NAME")
    top.add_argument("--chains", type=int, default=CHAINS, help=f"independent Markov chains (default {CHAINS})")
    top.add_argument("--sweeps", type=int, default=SWEEPS, help=f"sweeps of each, a third burnt (default {SWEEPS})")
    top.add_argument("--out", type=Path, help="file to write (default: beside the code, or the cache folder)")
    options = top.parse_args(arguments)
    if options.chains < 1 or options.sweeps < 3:
        raise RadError("--chains must be at least 1 and --sweeps at least 3")
    name = options.name
    if options.seed is not None:
        name += f"{',' if ':' in name else ':'}seed={options.seed}"
    data = open_dataset(name)
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(f"ceilings of {name}", total=len(data.examples["test"]))
        found = compute(name, "test", options.chains, options.sweeps, done=lambda n: bar.advance(task, n))
    wants, sizes = known.rank(data)
    places: dict[str, Iterable[int]] = {what: row.values() for what, row in found.places.items()}
    table = Table(title=f"{name}, test, {len(sizes)} supported of {len(wants)} queries")
    for column in ("ceiling", "ndcg@10", "95%", "recall@10", "mrr"):
        table.add_column(column, justify="left" if column == "ceiling" else "right", no_wrap=True)
    for what, value, low, high, recall, mrr in summary({**places, "known wants alone": wants.values()}):
        table.add_row(what, f"{value:.4f}", f"{low:.3f}-{high:.3f}", f"{recall:.3f}", f"{mrr:.3f}")
    out = Console()
    out.print(table)
    spread = float(np.std(found.chains, ddof=1) / np.sqrt(len(found.chains))) if len(found.chains) > 1 else float("nan")
    promised = ", ".join(f"{what} {value:.4f}" for what, value in found.expected.items())
    out.print(f"ndcg@10 that the probabilities promise: {promised}")
    out.print(f"bayes: single chains {', '.join(f'{x:.4f}' for x in found.chains)}; Monte Carlo error {spread:.4f}")
    quarters = ", ".join(f"{q:.0f}" for q in np.quantile(sizes, (0.1, 0.25, 0.5, 0.75, 0.9)))
    out.print(f"anonymity set (items with every known want), 10/25/50/75/90%: {quarters} of {len(data.items)} items")
    default = name in ("world", "world_science")
    path = options.out or (FOLDER / f"{name}.json.gz" if default else _cached(data.sha256))
    record = {
        "world": name,
        "dataset_sha256": data.sha256,
        "chains": list(found.chains),
        "sweeps": options.sweeps,
        "expected": found.expected,
        "places": found.places,
    }
    with atomic_write(path, "wb") as file:
        file.write(gzip.compress(json.dumps(record, separators=(",", ":")).encode(), mtime=0))
    out.print(f"written: {path}", soft_wrap=True)
    return 0


if __name__ == "__main__":
    run(main)
