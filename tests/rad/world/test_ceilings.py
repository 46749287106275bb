"""The ceilings of the built-in worlds: exact where that is possible, and against plain loops where it is not."""

from __future__ import annotations

import gzip
import json
from fractions import Fraction

import numpy as np
import pytest

from rad.data.load import open_dataset
from rad.errors import RadError
from rad.world import catalogue, choice_model, posterior, simulate
from rad.world.ceilings import bounds, known_wants, scores, store, stored
from rad.world.ceilings.__main__ import main
from rad.world.odds import GeneratorOdds, Histories
from rad.world.spec import read_spec
from rad.world.users import COMPLEMENT, DISLIKES, LIKES, NEED, UNEXPLAINED

NAME = "world:users=40,items=220,shortest=5,longest=9"
SPEC = read_spec("fashion")


@pytest.fixture(scope="module")
def data():
    return open_dataset(NAME)


@pytest.fixture(scope="module")
def ceilings():
    return bounds.compute(NAME, sweeps=9)


@pytest.fixture(scope="module")
def trajectories():
    return [u.trajectory for u in simulate.stream_users(SPEC, simulate.parse(NAME.partition(":")[2]))]


@pytest.fixture(scope="module")
def world():
    return GeneratorOdds(choice_model.UtilityTables(catalogue.build(SPEC, 0, 220)))


def test_rankings_hold_100_items_without_the_history(data, ceilings):
    for what in ("oracle", "bayes"):
        assert ceilings.rankings[what].keys() == {e.query.query_id for e in data.examples["test"]}
        for e in data.examples["test"]:
            ranking = ceilings.rankings[what][e.query.query_id]
            assert len(ranking) == len(set(ranking)) == 100
            assert not set(ranking) & {x.item_id for x in e.query.history}
            target, rank = next(iter(e.relevant)), ceilings.ranks[what][e.query.query_id]
            assert ranking[rank - 1] == target if rank else target not in ranking


def test_validation_queries_have_ceilings_too(data):
    assert bounds.compute(NAME, "validation", sweeps=3).rankings["bayes"].keys() == {
        e.query.query_id for e in data.examples["validation"]
    }


def test_the_order_of_the_rows(ceilings):
    table = {name: value for name, value, *_ in bounds.summary({k: v.values() for k, v in ceilings.ranks.items()})}
    assert 0.05 < table["bayes"] < table["oracle"] < 1
    assert 0.05 < ceilings.expected["bayes"] < ceilings.expected["oracle"] < 1
    assert len(ceilings.chains) == bounds.CHAINS


def slow_odds(world, user, position, mode):
    """Exact odds of every item at a step in one mode, by loops over the spec."""
    shop = world.tables.catalogue
    number, claims = shop.vocabulary.number, shop.vocabulary.claims
    levels = shop.vocabulary.of(SPEC.limit).tolist()
    units = []
    for i, values in enumerate(shop.carried):
        u = int(shop.appeal[i]) * (2 if mode == UNEXPLAINED else 1)
        if mode != UNEXPLAINED:
            u += sum(w for v, w in zip((*user.likes, *user.dislikes), (*LIKES, *DISLIKES), strict=True) if v in values)
            u += choice_model.WITHIN * any(v in values for v in levels[: user.limit + 1])
        if mode == NEED:
            need = SPEC.needs[user.need[position]]
            u += sum(w for claim, w in need.raises.items() if number[claim] in values)
        if mode == COMPLEMENT:
            last = shop.carried[user.item[position - 1]]
            kind = next(claims[v][1] for v in last if claims[v][0] == SPEC.kind)
            u += choice_model.PARTNER * any(number[SPEC.kind, p] in values for p in SPEC.partners[kind])
            u += choice_model.SHARED * sum(any(claims[v][0] == a for v in values if v in last) for a in SPEC.share)
        units.append(u)
    return [0.0 if i in user.item[:position] else 2.0 ** (u / 8) for i, u in enumerate(units)]


def test_the_oracle_is_the_exact_distribution(ceilings, trajectories, world):
    shares = {UNEXPLAINED: Fraction(3, 10), COMPLEMENT: Fraction(1, 4), NEED: Fraction(9, 20)}
    ids = world.tables.catalogue.ids
    for user in trajectories[:5]:
        position = len(user.item) - 1
        total = np.zeros(len(ids))
        for mode, share in shares.items():
            odds = np.array(slow_odds(world, user, position, mode))
            total += float(share) * odds / odds.sum()
        ranking = ceilings.rankings["oracle"][f"{user.user_id}-{position}"]
        values = [total[ids.index(item)] for item in ranking]
        assert values == sorted(values, reverse=True) or np.allclose(values, sorted(values, reverse=True), rtol=1e-4)
        assert values[0] == pytest.approx(total.max(), rel=1e-4)


def histories(trajectories):
    steps = max(len(user.item) for user in trajectories)
    item, rating, spoken, feeling = (
        np.array([[*getattr(x, name), *[-1] * (steps - len(x.item))] for x in trajectories])
        for name in ("item", "rating", "spoken", "feeling")
    )
    return Histories(item, rating, spoken, feeling, np.array([len(x.item) for x in trajectories]))


def truthful(world, trajectories):
    """A chain whose state is the truth."""
    chain = posterior.Chain(world, histories(trajectories), 0)
    index = np.full(world.tables.catalogue.vocabulary.size + 1, len(world.taste_values))
    index[world.taste_values] = np.arange(len(world.taste_values))
    chain.tastes = index[np.array([[*x.likes, *x.dislikes] for x in trajectories])]
    chain.limit = np.array([x.limit for x in trajectories])
    chain.need = np.array([[*x.need, *[0] * (chain.steps - len(x.need))] for x in trajectories])
    return chain


def test_the_likelihood_of_a_history_agrees_with_plain_loops(world, trajectories):
    some = trajectories[:6]
    chain = truthful(world, some)
    shop = world.tables.catalogue
    levels = shop.vocabulary.of(SPEC.limit).tolist()
    for row, user in enumerate(some):
        expected = 0.0
        for step, item in enumerate(user.item):
            odds = {mode: slow_odds(world, user, step, mode) for mode in (UNEXPLAINED, NEED)}
            odds[COMPLEMENT] = slow_odds(world, user, step, COMPLEMENT) if step else odds[NEED]
            p = {mode: w[item] / sum(w) for mode, w in odds.items()}
            expected += np.log(0.3 * p[UNEXPLAINED] + 0.25 * p[COMPLEMENT] + 0.45 * p[NEED])
            merit = choice_model.OVER_LIMIT * any(v in shop.carried[item] for v in levels[user.limit + 1 :])
            pairs = zip((*user.likes, *user.dislikes), (*LIKES, *DISLIKES), strict=True)
            merit += sum(w for v, w in pairs if v in shop.carried[item])
            noise = [0.2, 0.6, 0.2]
            got = [np.clip(3 + merit // 32 + k - 1, 1, 5) == user.rating[step] for k in range(3)]
            expected += np.log(sum(n for n, g in zip(noise, got, strict=True) if g))
        assert chain._choices(chain.tastes)[row] == pytest.approx(expected, rel=2e-3)


def test_candidate_scores_agree_with_setting_the_candidate(world, trajectories):
    """Scoring all values of a slot at once equals putting each in and scoring the whole history again."""
    some = trajectories[:4]
    chain = truthful(world, some)
    none = len(world.taste_values)
    for slot in (0, 2, 5):
        rest = chain.tastes.copy()
        rest[:, slot] = none
        units = int(chain.units[slot])
        score = chain._candidates(chain._base(rest, chain.limit), world.has, chain.need_has, chain.carry, units)
        score = score + chain._rating_change(chain._taste_units(rest, chain.carry) + chain._grudge(chain.limit), units)
        for value in (3, 40, none):
            other = rest.copy()
            other[:, slot] = value
            change = chain._choices(other) - chain._choices(rest)
            assert score[:, value] - score[:, none] == pytest.approx(change, abs=2e-3)


def test_sampling_from_the_truth_stays_at_the_truth(world):
    """The true state is a draw from the posterior, so no update may move averages over users (Geweke 2004)."""
    trajectories = [
        u.trajectory for u in simulate.stream_users(SPEC, simulate.parse("users=400,items=220,shortest=5,longest=9"))
    ]
    parts = [trajectories[k : k + 100] for k in range(0, 400, 100)]
    none = len(world.taste_values)

    def averages(chain):
        likes, dislikes = chain.tastes[:, :5], chain.tastes[:, 5:]
        used = ((likes < none).sum(1), (dislikes < none).sum(1))
        return np.stack(
            [chain._choices(chain.tastes), chain.limit, *used, np.diff(chain.need[:, :5]).astype(bool).sum(1)]
        )

    moved = []
    for part in parts:
        chain = truthful(world, part)
        chain._circle()
        before = averages(chain)
        for _ in range(3):
            chain.sweep()
        moved.append(averages(chain) - before)
    change = np.concatenate(moved, axis=1)
    z = change.mean(1) / (change.std(1) / np.sqrt(len(trajectories)))
    assert np.abs(z).max() < 3.5, z


def test_predictions_are_distributions_over_what_is_not_owned(world, trajectories):
    chain = posterior.Chain(world, histories(trajectories), 3)
    for _ in range(3):
        chain.sweep()
    odds = chain.predict()
    assert odds.sum(1) == pytest.approx(np.ones(len(trajectories)), abs=1e-5)
    for row, user in enumerate(trajectories):
        assert odds[row, user.item].max() == 0 and odds[row].min() >= 0
    likes, dislikes = chain.tastes[:, :5], chain.tastes[:, 5:]
    none = len(world.taste_values)
    assert (likes[:, :3] < none).all() and (dislikes[:, 0] < none).all()
    for row in chain.tastes.tolist():
        used = [v for v in row if v < none]
        assert len(used) == len(set(used))
        assert not (row[3] == none and row[4] < none)


def test_ceilings_of_the_default_worlds_are_stored():
    """And they are what the worlds were calibrated to: room above the baselines, and the oracle well above that."""
    for name in ("world", "world_science"):
        record = json.loads(gzip.decompress((store.FOLDER / f"{name}.json.gz").read_bytes()))
        rows = stored(record["dataset_sha256"])
        assert rows is not None and rows.keys() == {"oracle", "bayes"}
        means = {what: np.mean([s["ndcg@10"] for s in row.values()]) for what, row in rows.items()}
        assert all(len(row) == 2000 for row in rows.values())
        assert 0.15 < means["bayes"] < 0.25 and 0.3 < means["oracle"] < 0.4
        assert max(record["chains"]) <= means["bayes"] + 0.01
        assert record["expected"]["bayes"] == pytest.approx(means["bayes"], abs=0.02)


def test_the_command_writes_what_stored_reads(capsys, data, monkeypatch, tmp_path):
    monkeypatch.setenv("RAD_CACHE", str(tmp_path))
    assert stored(data.sha256) is None
    assert main([NAME, "--sweeps", "3", "--chains", "1"]) == 0
    text = capsys.readouterr().out
    assert "oracle" in text and "bayes" in text and "known wants alone" in text and "anonymity set" in text
    rows = stored(data.sha256)
    assert rows is not None
    assert all(row.keys() == {e.query.query_id for e in data.examples["test"]} for row in rows.values())
    (path,) = tmp_path.glob("ceilings/*.json.gz")
    path.write_bytes(b"no gzip")
    with pytest.raises(RadError, match="not a file of ceilings"):
        stored(data.sha256)


def test_scores_of_a_rank():
    assert scores(1) == {"ndcg@10": 1.0, "recall@10": 1.0, "mrr": 1.0}
    assert scores(3) == {"ndcg@10": 0.5, "recall@10": 1.0, "mrr": 1 / 3}
    assert scores(11) == {"ndcg@10": 0.0, "recall@10": 0.0, "mrr": 1 / 11}
    assert scores(0) == {"ndcg@10": 0.0, "recall@10": 0.0, "mrr": 0.0}


def test_what_has_no_ceilings_says_so():
    with pytest.raises(RadError, match="built-in worlds only"):
        bounds.compute("scientific")
    with pytest.raises(RadError, match="split 'train' has no ceilings; available: test, validation"):
        bounds.compute(NAME, "train")
    with pytest.raises(RadError, match="--sweeps at least 3"):
        main(["world", "--sweeps", "2"])


def test_known_wants_fit_their_target(data):
    ranks, sizes = known_wants.rank(data)
    supported = [e for e in data.examples["test"] if e.rationale and e.rationale.reasons]
    assert len(sizes) == len(supported) and min(sizes) >= 1 and len(ranks) == 40
    assert all(ranks[e.query.query_id] == 0 for e in data.examples["test"] if e not in supported)
    assert 0.2 < np.mean([scores(p)["ndcg@10"] for p in ranks.values()]) < 1
