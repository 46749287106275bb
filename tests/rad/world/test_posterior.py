"""The posterior of a hidden state: its likelihood by plain loops, and a sampler that stays at the truth."""

from __future__ import annotations

import numpy as np
import pytest

from rad.world import choice_model, posterior, simulate
from rad.world.odds import Histories
from rad.world.users import COMPLEMENT, DISLIKES, LIKES, NEED, UNEXPLAINED
from tests.support.slow_world import SPEC, slow_odds


def histories(trajectories):
    steps = max(len(user.item) for user in trajectories)
    item, rating, spoken, feeling = (
        np.array([[*getattr(x, name), *[-1] * (steps - len(x.item))] for x in trajectories])
        for name in ("item", "rating", "spoken", "feeling")
    )
    return Histories(item, rating, spoken, feeling, np.array([len(x.item) for x in trajectories]))


def truthful(generator, trajectories):
    """A chain whose state is the truth."""
    chain = posterior.Chain(generator, histories(trajectories), 0)
    index = np.full(generator.tables.catalogue.vocabulary.size + 1, len(generator.taste_values))
    index[generator.taste_values] = np.arange(len(generator.taste_values))
    chain.tastes = index[np.array([[*x.likes, *x.dislikes] for x in trajectories])]
    chain.limit = np.array([x.limit for x in trajectories])
    chain.need = np.array([[*x.need, *[0] * (chain.steps - len(x.need))] for x in trajectories])
    return chain


def test_the_likelihood_of_a_history_agrees_with_plain_loops(generator, trajectories):
    some = trajectories[:6]
    chain = truthful(generator, some)
    shop = generator.tables.catalogue
    levels = shop.vocabulary.of(SPEC.limit).tolist()
    for row, user in enumerate(some):
        expected = 0.0
        for step, item in enumerate(user.item):
            odds = {mode: slow_odds(generator, user, step, mode) for mode in (UNEXPLAINED, NEED)}
            odds[COMPLEMENT] = slow_odds(generator, user, step, COMPLEMENT) if step else odds[NEED]
            p = {mode: w[item] / sum(w) for mode, w in odds.items()}
            expected += np.log(0.3 * p[UNEXPLAINED] + 0.25 * p[COMPLEMENT] + 0.45 * p[NEED])
            merit = choice_model.OVER_LIMIT * any(v in shop.carried[item] for v in levels[user.limit + 1 :])
            pairs = zip((*user.likes, *user.dislikes), (*LIKES, *DISLIKES), strict=True)
            merit += sum(w for v, w in pairs if v in shop.carried[item])
            noise = [0.2, 0.6, 0.2]
            got = [np.clip(3 + merit // 32 + k - 1, 1, 5) == user.rating[step] for k in range(3)]
            expected += np.log(sum(n for n, g in zip(noise, got, strict=True) if g))
        assert chain._choices(chain.tastes)[row] == pytest.approx(expected, rel=2e-3)


def test_candidate_scores_agree_with_setting_the_candidate(generator, trajectories):
    """Scoring all values of a slot at once equals putting each in and scoring the whole history again."""
    some = trajectories[:4]
    chain = truthful(generator, some)
    none = len(generator.taste_values)
    for slot in (0, 2, 5):
        rest = chain.tastes.copy()
        rest[:, slot] = none
        units = int(chain.units[slot])
        score = chain._candidates(chain._base(rest, chain.limit), generator.has, chain.need_has, chain.carry, units)
        score = score + chain._rating_change(chain._taste_units(rest, chain.carry) + chain._grudge(chain.limit), units)
        for value in (3, 40, none):
            other = rest.copy()
            other[:, slot] = value
            change = chain._choices(other) - chain._choices(rest)
            assert score[:, value] - score[:, none] == pytest.approx(change, abs=2e-3)


def test_sampling_from_the_truth_stays_at_the_truth(generator):
    """The true state is a draw from the posterior, so no update may move averages over users (Geweke 2004)."""
    trajectories = [
        u.trajectory for u in simulate.stream_users(SPEC, simulate.parse("users=400,items=220,shortest=5,longest=9"))
    ]
    parts = [trajectories[k : k + 100] for k in range(0, 400, 100)]
    none = len(generator.taste_values)

    def averages(chain):
        likes, dislikes = chain.tastes[:, :5], chain.tastes[:, 5:]
        used = ((likes < none).sum(1), (dislikes < none).sum(1))
        return np.stack(
            [chain._choices(chain.tastes), chain.limit, *used, np.diff(chain.need[:, :5]).astype(bool).sum(1)]
        )

    moved = []
    for part in parts:
        chain = truthful(generator, part)
        chain._circle()
        before = averages(chain)
        for _ in range(3):
            chain.sweep()
        moved.append(averages(chain) - before)
    change = np.concatenate(moved, axis=1)
    z = change.mean(1) / (change.std(1) / np.sqrt(len(trajectories)))
    assert np.abs(z).max() < 3.5, z


def test_predictions_are_distributions_over_what_is_not_owned(generator, trajectories):
    chain = posterior.Chain(generator, histories(trajectories), 3)
    for _ in range(3):
        chain.sweep()
    odds = chain.predict()
    assert odds.sum(1) == pytest.approx(np.ones(len(trajectories)), abs=1e-5)
    for row, user in enumerate(trajectories):
        assert odds[row, user.item].max() == 0 and odds[row].min() >= 0
    likes, dislikes = chain.tastes[:, :5], chain.tastes[:, 5:]
    none = len(generator.taste_values)
    assert (likes[:, :3] < none).all() and (dislikes[:, 0] < none).all()
    for row in chain.tastes.tolist():
        used = [v for v in row if v < none]
        assert len(used) == len(set(used))
        assert not (row[3] == none and row[4] < none)
