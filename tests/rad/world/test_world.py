"""The built-in worlds: frozen bytes, known reasons that hold, and a slow second opinion on every draw."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import islice, pairwise

import numpy as np
import pytest

from rad.data.dataset import Dataset
from rad.data.load import open_dataset
from rad.data.splits import query_id
from rad.errors import RadError
from rad.rationales.rules import Rules
from rad.world import catalogue, ceilings, choice_model, reasons, rng, simulate
from rad.world import users as user_states
from rad.world.spec import Spec, read_spec

SPECS = {"world": read_spec("fashion"), "world_science": read_spec("science")}
SMALL = "users=150,items=400"
FROZEN = {
    "world": "0324203d3d538b5c0d1e48cfab57397db85afd77e7f796e0a903c4aadbc93376",
    "world_science": "51dbd999c754fd1dc95ee7d012f48d6978121bb7323d857bb00e12e6fe032c7f",
    f"world:{SMALL}": "2432727ad1ec82920e9f1b59a76d25cbd00597926980b5851ad36a1351b70c2f",
    f"world_science:{SMALL}": "eca11a55696051bcd5ec9c090fa44c7555de0fee28a70c133a365031a4de14ed",
}


@pytest.fixture(scope="module", params=SPECS)
def spec(request: pytest.FixtureRequest) -> Spec:
    return SPECS[request.param]


@pytest.fixture(scope="module")
def data(spec: Spec) -> Dataset:
    return open_dataset(f"{spec.domain}:{SMALL}")


@pytest.fixture(scope="module")
def users(spec: Spec) -> list[simulate.User]:
    return list(simulate.stream_users(spec, simulate.parse(SMALL)))


@pytest.mark.parametrize("name", FROZEN)
def test_the_bytes_are_frozen(name):
    """Every result names this hash. A change here is a new version of the world, never a repair of the test."""
    assert open_dataset(name).sha256 == FROZEN[name]


def test_the_frozen_worlds_have_stored_ceilings():
    for name in SPECS:
        assert ceilings.stored(FROZEN[name]) is not None


def test_another_seed_is_another_world(spec, data):
    assert open_dataset(f"{spec.domain}:{SMALL},seed=1").sha256 != data.sha256


def test_users_do_not_depend_on_the_chunk_or_on_how_many_there_are(spec, users):
    settings = simulate.parse(SMALL)
    for chunk, many in ((1, 12), (7, 40), (1000, 150)):
        assert list(islice(simulate.stream_users(spec, settings, chunk=chunk), many)) == users[:many]
    few = simulate.parse(SMALL.replace("150", "31"))
    assert list(simulate.stream_users(spec, few)) == users[:31]
    many = simulate.parse(SMALL.replace("150", "1000000"))  # a million users start as fast as a hundred
    assert list(islice(simulate.stream_users(spec, many), 5)) == users[:5]


def test_sequences_are_well_formed(data):
    assert len(data.sequences) == 150 and len(data.items) == 400
    for sequence in data.sequences.values():
        assert 8 <= len(sequence) <= 20
        assert len({x.item_id for x in sequence}) == len(sequence)
        times = [x.timestamp for x in sequence]
        assert all(a < b for a, b in pairwise(times))
        assert all(x.rating in (1, 2, 3, 4, 5) for x in sequence)
    reviewed = [x.review is not None for s in data.sequences.values() for x in s]
    assert 0.3 < np.mean(reviewed) < 0.5


def test_items_say_most_of_their_attributes_in_their_text(spec, data):
    expressed = []
    for item in data.items.values():
        assert tuple(item.attributes) == spec.attributes
        assert item.text.startswith(item.title)
        for attribute, values in item.attributes.items():
            assert 1 <= len(values) <= 2 and set(values) <= set(spec.values[attribute])
            surfaces = [s for value in values for s in spec.values[attribute][value]]
            expressed.append(any(s.lower() in item.text.lower() for s in surfaces))
    assert 0.75 < np.mean(expressed) < 1


def test_all_rationales_keep_the_rules(data):
    rules = Rules(data.items)
    for split in data.examples.values():
        for e in split:
            assert e.rationale is not None
            assert rules.violations(e.rationale, e.query, data.items[next(iter(e.relevant))]) == []


def test_known_reasons_are_true_of_the_target_and_of_the_history(spec, data):
    kinds = set()
    for split in data.examples.values():
        for e in split:
            target = data.items[next(iter(e.relevant))]
            history = [data.items[x.item_id] for x in e.query.history]
            assert target.title.lower() not in e.rationale.text.lower()
            for reason in e.rationale.reasons:
                cited = [history[k] for k in reason.evidence.history]
                kinds.add(reason.evidence.kind)
                assert cited and 0 < reason.weight <= 1 and (reason.wants or reason.avoids)
                assert all(value in target.attributes[a] for a, value in reason.wants)
                assert not any(value in target.attributes[a] for a, value in reason.avoids)
                if reason.evidence.kind == "attribute":  # the same value, in every cited item
                    fact = (reason.evidence.attribute, reason.evidence.value)
                    assert fact in (*reason.wants, *reason.avoids)
                    assert all(fact[1] in item.attributes[fact[0]] for item in cited)
                if reason.evidence.kind == "constraint":
                    assert reason.wants[0][0] == spec.limit
                    assert all(reason.wants[0][1] in item.attributes[spec.limit] for item in cited)
                if reason.evidence.kind == "complement":
                    assert reason.evidence.history == (len(history) - 1,)
                    attribute, value = reason.wants[0]
                    kind = cited[0].attributes[spec.kind][0]
                    if attribute == spec.kind:
                        assert value in spec.partners[kind]
                    else:
                        assert attribute in spec.share and value in cited[0].attributes[attribute]
    assert kinds == {"attribute", "complement", "constraint", "sequence"}


def test_needs_show_in_the_items_cited_for_them(spec, users):
    raises = [set(need.raises) for need in spec.needs]
    index = {need.name: k for k, need in enumerate(spec.needs)}
    items = {item.item_id: item for item in catalogue.build(spec, 0, 400).items}
    seen = 0
    for user in users:
        for position in range(2, len(user.interactions)):
            rationale = user.rationales[query_id(user.user_id, position)]
            for reason in rationale.reasons:
                if reason.evidence.kind != "sequence":
                    continue
                seen += 1
                now = user.trajectory.need[position]
                assert reason.wants[0] in raises[now]
                for k in reason.evidence.history:
                    then = user.trajectory.need[k]
                    assert then == now or now in [index[name] for name in spec.needs[then].then]
                    has = {(a, v) for a, vs in items[user.interactions[k].item_id].attributes.items() for v in vs}
                    assert has & raises[then] and user.trajectory.mode[k] == user_states.NEED
    assert seen > 100


def test_the_cause_of_a_known_reason_is_read_from_its_record(spec, users):
    """The hidden state says it, too: a need goes on where what is cited was bought in it, and else has changed."""
    number = {attribute: k for k, attribute in enumerate(spec.attributes)}
    seen = set()
    for user in users:
        need = user.trajectory.need
        for key, rationale in user.rationales.items():
            position = int(key.rpartition("-")[2])
            for reason in rationale.reasons:
                cause = reasons.cause(reason, rationale.text)
                cited, attribute = reason.evidence.history[-1], (reason.wants or reason.avoids)[0][0]
                expected = {
                    "attribute": "lasting taste" if reason.wants else "dislike",
                    "constraint": "budget",
                    "sequence": "need goes on" if need[cited] == need[position] else "need changes",
                    "complement": "complement" if number[attribute] == 1 else "match",
                }
                assert cause == expected[reason.evidence.kind]
                seen.add(cause)
    assert seen == set(reasons.CAUSES.values())


def test_a_reason_that_its_text_does_not_tell_of_has_no_cause(users):
    rationale = next(r for user in users for r in user.rationales.values() if r.reasons)
    with pytest.raises(RadError, match=r"no sentence about .* in: 'Other words'"):
        reasons.cause(rationale.reasons[0], "Other words")


def test_three_in_ten_choices_are_unexplained(users):
    modes = np.array([m for u in users for m in u.trajectory.mode])
    assert 0.25 < np.mean(modes == user_states.UNEXPLAINED) < 0.35
    verdicts = [r.verdict == "unexplained" for u in users for r in u.rationales.values()]
    assert 0.25 < np.mean(verdicts) < 0.42
    for user in users:
        for position in range(2, len(user.interactions)):
            rationale = user.rationales[query_id(user.user_id, position)]
            assert (rationale.verdict == "unexplained") == (not rationale.reasons)
            if user.trajectory.mode[position] == user_states.UNEXPLAINED:
                assert not rationale.reasons


def test_contrasts_speak_of_a_rejected_item(data):
    seen = 0
    for split in data.examples.values():
        for e in split:
            if e.contrast is None:
                continue
            seen += 1
            other, target = data.items[e.contrast.item_id], data.items[next(iter(e.relevant))]
            assert e.rationale.reasons and other.item_id != target.item_id
            assert other.item_id not in {x.item_id for x in e.query.history}
            assert e.contrast.polarity == "against" and other.title in e.contrast.text
            ((attribute, value),) = e.contrast.claims
            assert value in other.attributes[attribute] and value in e.contrast.text
            wanted = [v for r in e.rationale.reasons for a, v in r.wants if a == attribute]
            avoided = [claim for r in e.rationale.reasons for claim in r.avoids]
            assert (attribute, value) in avoided or set(wanted) - set(other.attributes[attribute])
    assert seen > 800


@pytest.mark.parametrize(
    ("argument", "parts"),
    [
        ("user=5", ("unknown setting 'user' (did you mean 'users'?)", "available: items, longest")),
        ("users=x", ("users: expected a whole number, found 'x'",)),
        ("users", ("users needs a value (users=...)",)),
        ("users=-3", ("users: must be at least 1, got -3",)),
        ("users=٣", ("users: expected a whole number",)),
        ("items=7,users=0", ("items: must be at least 200, got 7", "users: must be at least 1, got 0")),
        ("seed=1,seed=2", ("seed is given twice",)),
        ("shortest=20,longest=9", ("shortest must not exceed longest, got 20 > 9",)),
        ("colour=1,items=1,seed=q", ("unknown setting 'colour'", "items: must be", "seed: expected a whole number")),
        ("seed=18446744073709551616", ("seed: must be at most 18446744073709551615",)),
    ],
)
def test_bad_settings_are_named_all_at_once(argument, parts):
    with pytest.raises(RadError) as error:
        open_dataset(f"world:{argument}")
    assert "\n" not in str(error.value)
    assert all(part in str(error.value) for part in parts)


def test_settings_take_spaces_and_defaults():
    assert simulate.parse("") == simulate.Settings(0, 2000, 2000, 8, 20)
    assert simulate.parse(" seed = 3 , users=10,") == simulate.Settings(seed=3, users=10)


def test_importing_a_world_needs_no_torch():
    code = "import sys, rad.domains.world, rad.world.ceilings; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- the slow reference: plain Python integers and loops, written from the docstrings -------------------------------

MASK = 2**64 - 1


def mix(x: int) -> int:
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & MASK
    return x ^ (x >> 31)


def word(seed: int, purpose: int, *counters: int) -> int:
    h = mix((seed + 0x9E3779B97F4A7C15 * purpose) & MASK)
    for counter in counters:
        h = mix((h + (counter + 1) * 0x9E3779B97F4A7C15) & MASK)
    return h


def eighth_root(x: int) -> int:
    low, high = 0, 1 << (x.bit_length() // 8 + 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**8 <= x else (low, middle - 1)
    return low


def odds_of(utilities: list[int]) -> list[int]:
    best = max(utilities)
    return [eighth_root(2 ** max(0, 320 - (best - u))) for u in utilities]


def drawn(odds: list[int], word: int) -> int:
    at = word % sum(odds)
    for k, w in enumerate(odds):
        if at < w:
            return k
        at -= w
    raise AssertionError


def test_words_and_table_agree_with_plain_integers():
    for seed, purpose, counters in ((0, 1, ()), (3, 7, (5,)), (MASK, 22, (10**9, 3)), (2**63, 31, (1, 2, 3))):
        assert rng.random_words(seed, rng.Purpose(purpose), *counters).tolist() == [word(seed, purpose, *counters)]
    assert rng.EXP.tolist() == [eighth_root(2**k) for k in range(321)]
    utilities = [0, 5, -400, 300, 299]
    assert rng.weight(np.array([utilities])).tolist() == [odds_of(utilities)]
    assert rng.EXP.dtype == np.int64 and len(set(rng.Purpose)) == len(rng.Purpose.__members__)


def slow_trajectory(spec: Spec, shop: catalogue.ItemTable, seed: int, user: int) -> dict[str, list[int]]:
    """One user's hidden state and choices, with no array."""
    claims = [(a, v) for a, values in spec.values.items() for v in values]
    number = {claim: k for k, claim in enumerate(claims)}
    carried = [set(v) for v in shop.carried]
    length = 8 + word(seed, 20, user) % 13
    n_likes, n_dislikes = 3 + word(seed, 21, user, 0) % 3, 1 + word(seed, 21, user, 1) % 2
    plain = [spec.taste.get(a, 0) for a, _ in claims]
    circle = spec.circles[word(seed, 31, user) % len(spec.circles)]
    odds = [w * (24 if claim in circle else 1) for w, claim in zip(plain, claims, strict=True)]
    likes: list[int] = []
    for slot in range(7):
        if slot == 5:
            odds = [p if o else 0 for p, o in zip(plain, odds, strict=True)]
        value = drawn(odds, word(seed, 22, user, slot))
        odds[value] = 0
        likes.append(value)
    tastes = list(zip(likes[:5], (52, 48, 44, 40, 36), strict=True))[:n_likes]
    tastes += list(zip(likes[5:], (-40, -32), strict=True))[:n_dislikes]
    limit = drawn(list(spec.limit_odds), word(seed, 23, user))
    levels = {number[spec.limit, v]: k for k, v in enumerate(spec.values[spec.limit])}
    level = [next(levels[v] for v in c if v in levels) for c in carried]
    names = [need.name for need in spec.needs]
    out: dict[str, list[int]] = {"need": [], "mode": [], "item": [], "rating": [], "spoken": [], "feeling": []}
    for step in range(length):
        if step == 0:
            need = word(seed, 24, user, 0) % len(names)
        else:
            row = [30 for _ in names]
            row[need] += 680 * len(names)
            for share, name in zip((200, 90), spec.needs[need].then, strict=True):
                row[names.index(name)] += share * len(names)
            need = drawn(row, word(seed, 24, user, step))
        roll = word(seed, 25, user, step) % 100
        mode = 0 if roll < 30 else 2 if roll >= 55 or step == 0 else 1
        taste = [sum(u for v, u in tastes if v in c) for c in carried]
        if mode == 0:
            odds = odds_of([2 * int(a) for a in shop.appeal])
        else:
            utilities = []
            for i, c in enumerate(carried):
                u = taste[i] + 12 * (level[i] <= limit) + int(shop.appeal[i])
                if mode == 2:
                    u += sum(units for claim, units in spec.needs[need].raises.items() if number[claim] in c)
                else:
                    last = carried[out["item"][-1]]
                    kind = next(claims[v][1] for v in last if claims[v][0] == spec.kind)
                    u += 72 * any(number[spec.kind, p] in c for p in spec.partners[kind])
                    u += 28 * sum(any(claims[v][0] == a for v in last & c) for a in spec.share)
                utilities.append(u)
            odds = odds_of(utilities)
        for i in out["item"]:
            odds[i] = 0
        item = drawn(odds, word(seed, 26, user, step))
        merit = (taste[item] - 24 * (level[item] > limit)) // 32
        roll = word(seed, 27, user, step) % 100
        rating = min(5, max(1, 3 + merit + (0 if roll < 20 else 1 if roll < 80 else 2) - 1))
        attribute = list(spec.taste)[word(seed, 28, user, step, 0) % len(spec.taste)]
        spoken = int(shop.values[item, spec.attributes.index(attribute), 0])
        sign = next(((u > 0) - (u < 0) for v, u in tastes if v == spoken), 0)
        complaint, neutral = {-1: (70, 28), 0: (5, 70), 1: (2, 28)}[sign]
        roll = word(seed, 28, user, step, 1) % 100
        out["feeling"].append((roll >= complaint) + (roll >= complaint + neutral) - 1)
        out["spoken"].append(spoken if word(seed, 28, user, step, 2) % 100 < 40 else -1)
        for name, value in (("need", need), ("mode", mode), ("item", item), ("rating", rating)):
            out[name].append(value)
    return out


def test_a_slow_reference_draws_the_same_users(spec, users):
    shop = catalogue.build(spec, 0, 400)
    for user in (0, 1, 77, 149):
        slow = slow_trajectory(spec, shop, 0, user)
        trajectory = users[user].trajectory
        assert {name: list(getattr(trajectory, name)) for name in slow} == slow
        assert [x.item_id for x in users[user].interactions] == [shop.ids[i] for i in slow["item"]]


def test_no_float_is_on_the_path(spec):
    shop = catalogue.build(spec, 5, 250)
    tables = choice_model.UtilityTables(shop)
    block = user_states.draw(shop.vocabulary, 5, np.arange(9), 8, 20)
    choices = choice_model.choose(tables, block, 5)
    arrays = [shop.values, shop.appeal, tables.need, tables.partner, tables.limit, tables.impulse]
    arrays += [tables.complement(np.arange(3)), choice_model.tastes(shop, block.likes, block.dislikes)]
    arrays += [getattr(block, f) for f in user_states.UserStates.__dataclass_fields__]
    arrays += [getattr(choices, f) for f in choice_model.Choices.__dataclass_fields__]
    assert {a.dtype for a in arrays} == {np.dtype(np.int64)}
    explainer = reasons.Explainer(shop, "1")
    trajectory = next(simulate.stream_users(spec, simulate.parse("seed=5,items=250,users=1"))).trajectory
    settled = replace(trajectory, mode=[user_states.NEED] * len(trajectory.mode))
    vector = choice_model.tastes(shop, block.likes, block.dislikes) + tables.limit[block.limit] + shop.appeal
    vector = vector[0] + tables.need[trajectory.need[0]]
    by_hand = [explainer._utility(settled, 0, i) for i in range(250)]
    assert vector.tolist() == by_hand
