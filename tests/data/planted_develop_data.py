"""The half of the planted corpus that the checks are developed on, continued: leaks in the records of data sets."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from rad.data.dataset import Dataset
from rad.types import Evidence, Example, Rationale, Reason
from tests.support.planted import change, resplit


def negative_neighbours(data: Dataset, users: set[str]) -> Dataset:
    """Every negative twice, one after the other."""

    def plant(e: Example) -> Example:
        listed = tuple(i for i in e.query.candidates or () for _ in range(1 if i in e.relevant else 2))
        return replace(e, query=replace(e.query, candidates=listed))

    return change(data, users, plant)


def negative_bought_last(data: Dataset, users: set[str]) -> Dataset:
    def plant(e: Example) -> Example:
        return replace(e, query=replace(e.query, candidates=(*(e.query.candidates or ()), e.query.history[-1].item_id)))

    return change(data, users, plant)


def negative_without_answer(data: Dataset, users: set[str]) -> Dataset:
    def plant(e: Example) -> Example:
        listed = tuple(i for i in e.query.candidates or () if i not in e.relevant)
        return replace(e, query=replace(e.query, candidates=listed))

    return change(data, users, plant)


def time_stamps_reversed(data: Dataset, users: set[str]) -> Dataset:
    out = dict(data.sequences)
    for user in users:
        s = out[user]
        out[user] = tuple(replace(x, timestamp=y.timestamp) for x, y in zip(s, reversed(s), strict=True))
    return resplit(data, out)


def time_last_two_swapped(data: Dataset, users: set[str]) -> Dataset:
    out = {u: (*s[:-2], s[-1], s[-2]) if u in users else s for u, s in data.sequences.items()}
    return resplit(data, out)


def time_in_validation_query(data: Dataset, users: set[str]) -> Dataset:
    """Only in the query: the sequences are in order."""

    def plant(e: Example) -> Example:
        a, b, *rest = e.query.history
        return replace(e, query=replace(e.query, history=(b, a, *rest)))

    return change(data, users, plant, "validation")


def same_in_pairs(data: Dataset, users: set[str]) -> Dataset:
    out, chosen = dict(data.sequences), sorted(users)
    for a, b in zip(chosen[::2], chosen[1::2], strict=False):
        out[b] = (*(replace(x, user_id=b) for x in out[a][:-1]), replace(out[b][-1], timestamp=out[a][-1].timestamp))
    if len(chosen) % 2:
        a, b = chosen[0], chosen[-1]
        out[b] = (*(replace(x, user_id=b) for x in out[a][:-1]), replace(out[b][-1], timestamp=out[a][-1].timestamp))
    return resplit(data, out)


def copies_of_users(data: Dataset, users: set[str]) -> Dataset:
    """Each of them stands in the data twice, the second time with three purchases more."""
    out = dict(data.sequences)
    for user in users:
        own = tuple(replace(x, user_id=f"{user}x") for x in out[user])
        out[f"{user}x"] = (*own, *(replace(own[k], timestamp=(own[-1].timestamp or 0) + k) for k in (1, 2, 3)))
    return resplit(data, out)


def target_before_last(data: Dataset, users: set[str]) -> Dataset:
    def plant(e: Example) -> Example:
        own = data.sequences[e.query.user_id][-1]
        past = e.query.history
        return replace(e, query=replace(e.query, history=(*past[:-1], own, past[-1])))

    return change(data, users, plant)


def target_in_validation(data: Dataset, users: set[str]) -> Dataset:
    def plant(e: Example) -> Example:
        own = data.sequences[e.query.user_id][len(e.query.history)]
        return replace(e, query=replace(e.query, history=(*e.query.history, own)))

    return change(data, users, plant, "validation")


def review_at_first(data: Dataset, users: set[str]) -> Dataset:
    def plant(e: Example) -> Example:
        review = data.sequences[e.query.user_id][-1].review
        past = e.query.history
        return replace(e, query=replace(e.query, history=(replace(past[0], review=f"Note. {review}"), *past[1:])))

    return change(data, users, plant)


def review_in_title(data: Dataset, users: set[str]) -> Dataset:
    items = dict(data.items)
    for user in users:
        last = data.sequences[user][-1]
        items[last.item_id] = replace(items[last.item_id], title=f"{items[last.item_id].title}: {last.review}")
    return replace(data, items=items)


def profile_counts(data: Dataset, users: set[str]) -> Dataset:
    """Values and how often they were bought, the answer counted too."""

    def plant(e: Example) -> Example:
        values = Counter(
            v for x in data.sequences[e.query.user_id] for vs in data.items[x.item_id].attributes.values() for v in vs
        )
        profile = "; ".join(f"{value}: {n}" for value, n in values.most_common())
        return replace(e, query=replace(e.query, profile=profile))

    return change(data, users, plant)


def profile_before(data: Dataset, users: set[str]) -> Dataset:
    """Clean: the same of the history, and what others like."""

    def plant(e: Example) -> Example:
        values = Counter(v for x in e.query.history for vs in data.items[x.item_id].attributes.values() for v in vs)
        profile = "; ".join(f"{value}: {n}" for value, n in values.most_common())
        return replace(e, query=replace(e.query, profile=f"{profile}. Open to suede, to green and to a blazer."))

    return change(data, users, plant)


def nothing_at_all(data: Dataset, users: set[str]) -> Dataset:
    """Clean: as it was."""
    return data


def evidence_below_zero(data: Dataset, users: set[str]) -> Dataset:
    def plant(e: Example) -> Example:
        key = e.query.query_id
        reason = Reason(Evidence((-1,), "sequence"), wants=(("colour", "black"),))
        rationale = Rationale(f"p-{key}", key, (reason,), "Black.", "supported", "known", "planted", "1")
        return replace(e, rationale=rationale)

    return change(data, users, plant)


def evidence_of_another(data: Dataset, users: set[str]) -> Dataset:
    """The cited item has another brand."""

    def plant(e: Example) -> Example:
        key = e.query.query_id
        own = data.items[e.query.history[0].item_id].attributes["brand"]
        brand = next(i.attributes["brand"][0] for i in data.items.values() if i.attributes["brand"] != own)
        reason = Reason(Evidence((0,), "attribute", "brand", brand), wants=(("brand", brand),))
        rationale = Rationale(f"p-{key}", key, (reason,), f"{brand} [1].", "supported", "known", "planted", "1")
        return replace(e, rationale=rationale)

    return change(data, users, plant)
