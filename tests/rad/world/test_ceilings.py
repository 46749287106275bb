"""The ceilings of the built-in worlds: exact where that is possible, and against plain loops where it is not."""

from __future__ import annotations

import gzip
import json
from fractions import Fraction

import numpy as np
import pytest

from rad.data.dataset import open_dataset
from rad.errors import RadError
from rad.world import catalogue, ceilings, choice_model, fashion, known, posterior, simulate
from rad.world.users import COMPLEMENT, DISLIKES, LIKES, NEED, UNEXPLAINED

NAME = "world:users=40,items=220,shortest=5,longest=9"
SPEC = fashion.SPEC


@pytest.fixture(scope="module")
def data():
    return open_dataset(NAME)


@pytest.fixture(scope="module")
def found():
    return ceilings.compute(NAME, sweeps=9)


@pytest.fixture(scope="module")
def lives():
    return [u.life for u in simulate.stream_users(SPEC, simulate.parse(NAME.partition(":")[2]))]


@pytest.fixture(scope="module")
def world():
    return posterior.World(choice_model.Tables(catalogue.build(SPEC, 0, 220)))


def test_rankings_hold_100_items_without_the_history(data, found):
    for what in ("oracle", "bayes"):
        assert found.rankings[what].keys() == {e.query.query_id for e in data.examples["test"]}
        for e in data.examples["test"]:
            ranking = found.rankings[what][e.query.query_id]
            assert len(ranking) == len(set(ranking)) == 100
            assert not set(ranking) & {x.item_id for x in e.query.history}
            target, place = next(iter(e.relevant)), found.places[what][e.query.query_id]
            assert ranking[place - 1] == target if place else target not in ranking


def test_validation_queries_have_ceilings_too(data):
    assert ceilings.rankings(NAME, "validation")["bayes"].keys() == {
        e.query.query_id for e in data.examples["validation"]
    }


def test_the_order_of_the_rows(found):
    table = {name: value for name, value, *_ in ceilings.summary({k: v.values() for k, v in found.places.items()})}
    assert 0.05 < table["bayes"] < table["oracle"] < 1
    assert 0.05 < found.expected["bayes"] < found.expected["oracle"] < 1
    assert len(found.chains) == ceilings.CHAINS


def slow_odds(world, life, position, mode):
    """Exact odds of every item at a step in one mode, by loops over the spec."""
    shop = world.tables.catalogue
    number, claims = shop.vocabulary.number, shop.vocabulary.claims
    levels = shop.vocabulary.of(SPEC.limit).tolist()
    units = []
    for i, values in enumerate(shop.carried):
        u = int(shop.appeal[i]) * (2 if mode == UNEXPLAINED else 1)
        if mode != UNEXPLAINED:
            u += sum(w for v, w in zip((*life.likes, *life.dislikes), (*LIKES, *DISLIKES), strict=True) if v in values)
            u += choice_model.WITHIN * any(v in values for v in levels[: life.limit + 1])
        if mode == NEED:
            need = SPEC.needs[life.need[position]]
            u += sum(w for claim, w in need.raises.items() if number[claim] in values)
        if mode == COMPLEMENT:
            last = shop.carried[life.item[position - 1]]
            kind = next(claims[v][1] for v in last if claims[v][0] == SPEC.kind)
            u += choice_model.PARTNER * any(number[SPEC.kind, p] in values for p in SPEC.partners[kind])
            u += choice_model.SHARED * sum(any(claims[v][0] == a for v in values if v in last) for a in SPEC.share)
        units.append(u)
    return [0.0 if i in life.item[:position] else 2.0 ** (u / 8) for i, u in enumerate(units)]


def test_the_oracle_is_the_exact_distribution(found, lives, world):
    shares = {UNEXPLAINED: Fraction(3, 10), COMPLEMENT: Fraction(1, 4), NEED: Fraction(9, 20)}
    ids = world.tables.catalogue.ids
    for life in lives[:5]:
        position = len(life.item) - 1
        total = np.zeros(len(ids))
        for mode, share in shares.items():
            odds = np.array(slow_odds(world, life, position, mode))
            total += float(share) * odds / odds.sum()
        ranking = found.rankings["oracle"][f"{life.user_id}-{position}"]
        values = [total[ids.index(item)] for item in ranking]
        assert values == sorted(values, reverse=True) or np.allclose(values, sorted(values, reverse=True), rtol=1e-4)
        assert values[0] == pytest.approx(total.max(), rel=1e-4)


def histories(lives):
    steps = max(len(life.item) for life in lives)
    item, rating, spoken, feeling = (
        np.array([[*getattr(x, name), *[-1] * (steps - len(x.item))] for x in lives])
        for name in ("item", "rating", "spoken", "feeling")
    )
    return posterior.Histories(item, rating, spoken, feeling, np.array([len(x.item) for x in lives]))


def truthful(world, lives):
    """A chain whose state is the truth."""
    chain = posterior.Chain(world, histories(lives), 0)
    place = np.full(world.tables.catalogue.vocabulary.size + 1, len(world.taste))
    place[world.taste] = np.arange(len(world.taste))
    chain.slots = place[np.array([[*x.likes, *x.dislikes] for x in lives])]
    chain.limit = np.array([x.limit for x in lives])
    chain.need = np.array([[*x.need, *[0] * (chain.steps - len(x.need))] for x in lives])
    return chain


def test_the_likelihood_of_a_history_agrees_with_plain_loops(world, lives):
    some = lives[:6]
    chain = truthful(world, some)
    shop = world.tables.catalogue
    levels = shop.vocabulary.of(SPEC.limit).tolist()
    for row, life in enumerate(some):
        expected = 0.0
        for step, item in enumerate(life.item):
            odds = {mode: slow_odds(world, life, step, mode) for mode in (UNEXPLAINED, NEED)}
            odds[COMPLEMENT] = slow_odds(world, life, step, COMPLEMENT) if step else odds[NEED]
            p = {mode: w[item] / sum(w) for mode, w in odds.items()}
            expected += np.log(0.3 * p[UNEXPLAINED] + 0.25 * p[COMPLEMENT] + 0.45 * p[NEED])
            merit = choice_model.OVER_LIMIT * any(v in shop.carried[item] for v in levels[life.limit + 1 :])
            pairs = zip((*life.likes, *life.dislikes), (*LIKES, *DISLIKES), strict=True)
            merit += sum(w for v, w in pairs if v in shop.carried[item])
            noise = [0.2, 0.6, 0.2]
            got = [np.clip(3 + merit // 32 + k - 1, 1, 5) == life.rating[step] for k in range(3)]
            expected += np.log(sum(n for n, g in zip(noise, got, strict=True) if g))
        assert chain._choices(chain.slots)[row] == pytest.approx(expected, rel=2e-3)


def test_candidate_scores_agree_with_setting_the_candidate(world, lives):
    """Scoring all values of a slot at once equals putting each in and scoring the whole history again."""
    some = lives[:4]
    chain = truthful(world, some)
    none = len(world.taste)
    for slot in (0, 2, 5):
        rest = chain.slots.copy()
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
    lives = [u.life for u in simulate.stream_users(SPEC, simulate.parse("users=400,items=220,shortest=5,longest=9"))]
    parts = [lives[k : k + 100] for k in range(0, 400, 100)]
    none = len(world.taste)

    def averages(chain):
        likes, dislikes = chain.slots[:, :5], chain.slots[:, 5:]
        used = ((likes < none).sum(1), (dislikes < none).sum(1))
        return np.stack(
            [chain._choices(chain.slots), chain.limit, *used, np.diff(chain.need[:, :5]).astype(bool).sum(1)]
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
    z = change.mean(1) / (change.std(1) / np.sqrt(len(lives)))
    assert np.abs(z).max() < 3.5, z


def test_predictions_are_distributions_over_what_is_not_owned(world, lives):
    chain = posterior.Chain(world, histories(lives), 3)
    for _ in range(3):
        chain.sweep()
    odds = chain.predict()
    assert odds.sum(1) == pytest.approx(np.ones(len(lives)), abs=1e-5)
    for row, life in enumerate(lives):
        assert odds[row, life.item].max() == 0 and odds[row].min() >= 0
    likes, dislikes = chain.slots[:, :5], chain.slots[:, 5:]
    none = len(world.taste)
    assert (likes[:, :3] < none).all() and (dislikes[:, 0] < none).all()
    for row in chain.slots.tolist():
        used = [v for v in row if v < none]
        assert len(used) == len(set(used))
        assert not (row[3] == none and row[4] < none)


def test_ceilings_of_the_default_worlds_are_stored():
    """And they are what the worlds were calibrated to: room above the baselines, and the oracle well above that."""
    for name in ("world", "world_science"):
        record = json.loads(gzip.decompress((ceilings.FOLDER / f"{name}.json.gz").read_bytes()))
        rows = ceilings.stored(record["dataset_sha256"])
        assert rows is not None and rows.keys() == {"oracle", "bayes"}
        means = {what: np.mean([s["ndcg@10"] for s in row.values()]) for what, row in rows.items()}
        assert all(len(row) == 2000 for row in rows.values())
        assert 0.15 < means["bayes"] < 0.25 and 0.3 < means["oracle"] < 0.4
        assert max(record["chains"]) <= means["bayes"] + 0.01
        assert record["expected"]["bayes"] == pytest.approx(means["bayes"], abs=0.02)


def test_the_command_writes_what_stored_reads(capsys, data, monkeypatch, tmp_path):
    monkeypatch.setenv("RAD_CACHE", str(tmp_path))
    assert ceilings.stored(data.sha256) is None
    assert ceilings.main([NAME, "--sweeps", "3", "--chains", "1"]) == 0
    text = capsys.readouterr().out
    assert "oracle" in text and "bayes" in text and "known wants alone" in text and "anonymity set" in text
    rows = ceilings.stored(data.sha256)
    assert rows is not None
    assert all(row.keys() == {e.query.query_id for e in data.examples["test"]} for row in rows.values())
    (path,) = tmp_path.glob("ceilings/*.json.gz")
    path.write_bytes(b"no gzip")
    with pytest.raises(RadError, match="not a file of ceilings"):
        ceilings.stored(data.sha256)


def test_scores_of_a_place():
    assert ceilings.scores(1) == {"ndcg@10": 1.0, "recall@10": 1.0, "mrr": 1.0}
    assert ceilings.scores(3) == {"ndcg@10": 0.5, "recall@10": 1.0, "mrr": 1 / 3}
    assert ceilings.scores(11) == {"ndcg@10": 0.0, "recall@10": 0.0, "mrr": 1 / 11}
    assert ceilings.scores(0) == {"ndcg@10": 0.0, "recall@10": 0.0, "mrr": 0.0}


def test_what_has_no_ceilings_says_so():
    with pytest.raises(RadError, match="built-in worlds only"):
        ceilings.compute("scientific")
    with pytest.raises(RadError, match="split 'train' has no ceilings; available: test, validation"):
        ceilings.compute(NAME, "train")
    with pytest.raises(RadError, match="--sweeps at least 3"):
        ceilings.main(["world", "--sweeps", "2"])


def test_known_wants_fit_their_target(data):
    places, sizes = known.rank(data)
    supported = [e for e in data.examples["test"] if e.rationale and e.rationale.reasons]
    assert len(sizes) == len(supported) and min(sizes) >= 1 and len(places) == 40
    assert all(places[e.query.query_id] == 0 for e in data.examples["test"] if e not in supported)
    assert 0.2 < np.mean([ceilings.scores(p)["ndcg@10"] for p in places.values()]) < 1
