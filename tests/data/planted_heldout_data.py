"""The held-out half of the planted corpus, continued: data sets with a leak in the records of chosen users.

Each function takes a clean data set (reranking, with a review of eight words or more of every answer) and the users to
plant in. Written before the checks were changed, and not looked at while they were.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from rad.data.dataset import Dataset
from rad.types import Evidence, Example, Interaction, Rationale, Reason
from tests.support.planted import change, resplit


def _answer(e: Example) -> str:
    return next(iter(e.relevant))


def negative_repeated(data: Dataset, users: set[str]) -> Dataset:
    def plant(e: Example) -> Example:
        listed = e.query.candidates or ()
        again = next(i for i in listed if i not in e.relevant)
        return replace(e, query=replace(e.query, candidates=(*listed, again)))

    return change(data, users, plant)


def negative_answer_twice(data: Dataset, users: set[str]) -> Dataset:
    def plant(e: Example) -> Example:
        return replace(e, query=replace(e.query, candidates=(_answer(e), *(e.query.candidates or ()))))

    return change(data, users, plant)


def negative_bought_first(data: Dataset, users: set[str]) -> Dataset:
    def plant(e: Example) -> Example:
        listed = list(e.query.candidates or ())
        listed[next(k for k, i in enumerate(listed) if i not in e.relevant)] = e.query.history[0].item_id
        return replace(e, query=replace(e.query, candidates=tuple(listed)))

    return change(data, users, plant)


def negative_bought_later(data: Dataset, users: set[str]) -> Dataset:
    later = {e.query.user_id: _answer(e) for e in data.examples["test"]}

    def plant(e: Example) -> Example:
        return replace(e, query=replace(e.query, candidates=(*(e.query.candidates or ()), later[e.query.user_id])))

    return change(data, users, plant, "validation")


def time_all_reversed(data: Dataset, users: set[str]) -> Dataset:
    return resplit(data, {u: tuple(reversed(s)) if u in users else s for u, s in data.sequences.items()})


def time_two_swapped(data: Dataset, users: set[str]) -> Dataset:
    def swap(s: tuple[Interaction, ...]) -> tuple[Interaction, ...]:
        return (s[0], s[2], s[1], *s[3:])

    return resplit(data, {u: swap(tuple(s)) if u in users else s for u, s in data.sequences.items()})


def time_answer_first(data: Dataset, users: set[str]) -> Dataset:
    def early(s: tuple[Interaction, ...]) -> tuple[Interaction, ...]:
        return (*s[:-1], replace(s[-1], timestamp=(s[0].timestamp or 0) - 1000))

    return resplit(data, {u: early(tuple(s)) if u in users else s for u, s in data.sequences.items()})


def time_query_reversed(data: Dataset, users: set[str]) -> Dataset:
    def plant(e: Example) -> Example:
        return replace(e, query=replace(e.query, history=tuple(reversed(e.query.history))))

    return change(data, users, plant)


def same_history_of_one(data: Dataset, users: set[str]) -> Dataset:
    """All of them have the history of the first of them, and an answer of their own."""
    model = data.sequences[min(users)]
    out = dict(data.sequences)
    for user in users:
        past = tuple(replace(x, user_id=user) for x in model[:-1])
        out[user] = (*past, replace(out[user][-1], timestamp=model[-1].timestamp))
    return resplit(data, out)


def same_history_whole(data: Dataset, users: set[str]) -> Dataset:
    model = data.sequences[min(users)]
    copies = {user: tuple(replace(x, user_id=user) for x in model) for user in users}
    return resplit(data, {**data.sequences, **copies})


def copies_in_training(data: Dataset, users: set[str]) -> Dataset:
    """Somebody else, one of those not chosen, goes on where each of them ended: their tests are in the training set."""
    out = dict(data.sequences)
    others = sorted(out.keys() - users)
    for user, other in zip(sorted(users), others, strict=False):
        own = tuple(replace(x, user_id=other) for x in out[user])
        last = own[-1].timestamp or 0
        out[other] = (*own, *(replace(x, timestamp=last + k) for k, x in enumerate(out[other][:3], 1)))
    return resplit(data, out)


def copies_own(data: Dataset, users: set[str]) -> Dataset:
    """The test examples of the users stand in the training set as well."""
    more = tuple(
        replace(e, split="train", query=replace(e.query, query_id=e.query.query_id + "-t"))
        for e in data.examples["test"]
        if e.query.user_id in users
    )
    return replace(data, examples={**data.examples, "train": data.examples["train"] + more})


def target_appended(data: Dataset, users: set[str]) -> Dataset:
    def plant(e: Example) -> Example:
        own = data.sequences[e.query.user_id][-1]
        return replace(e, query=replace(e.query, history=(*e.query.history, own)))

    return change(data, users, plant)


def target_put_first(data: Dataset, users: set[str]) -> Dataset:
    def plant(e: Example) -> Example:
        own = replace(data.sequences[e.query.user_id][-1], review=None)
        return replace(e, query=replace(e.query, history=(own, *e.query.history)))

    return change(data, users, plant)


def review_at_last(data: Dataset, users: set[str]) -> Dataset:
    def plant(e: Example) -> Example:
        review = data.sequences[e.query.user_id][-1].review
        past = e.query.history
        return replace(e, query=replace(e.query, history=(*past[:-1], replace(past[-1], review=review))))

    return change(data, users, plant)


def review_other_case(data: Dataset, users: set[str]) -> Dataset:
    def plant(e: Example) -> Example:
        review = (data.sequences[e.query.user_id][-1].review or "").upper().replace(",", " -")
        past = e.query.history
        return replace(e, query=replace(e.query, history=(replace(past[0], review=f"<p>{review}</p>"), *past[1:])))

    return change(data, users, plant)


def review_in_item(data: Dataset, users: set[str]) -> Dataset:
    items = dict(data.items)
    for user in users:
        last = data.sequences[user][-1]
        items[last.item_id] = replace(items[last.item_id], text=f"{items[last.item_id].text} {last.review}")
    return replace(data, items=items)


def profile_of_everything(data: Dataset, users: set[str]) -> Dataset:
    """What the users bought, the answer included, as a sentence about their values."""

    def plant(e: Example) -> Example:
        values = Counter(
            v for x in data.sequences[e.query.user_id] for vs in data.items[x.item_id].attributes.values() for v in vs
        )
        return replace(e, query=replace(e.query, profile=f"Someone who buys {', '.join(values)}."))

    return change(data, users, plant)


def profile_of_history(data: Dataset, users: set[str]) -> Dataset:
    """Clean: the same of the history alone."""

    def plant(e: Example) -> Example:
        values = Counter(v for x in e.query.history for vs in data.items[x.item_id].attributes.values() for v in vs)
        return replace(e, query=replace(e.query, profile=f"Someone who buys {', '.join(values)}."))

    return change(data, users, plant)


def _with_reason(data: Dataset, users: set[str], reason: Reason, text: str) -> Dataset:
    def plant(e: Example) -> Example:
        key = e.query.query_id
        rationale = Rationale(f"p-{key}", key, (reason,), text, "supported", "known", "planted", "1")
        return replace(e, rationale=rationale)

    return change(data, users, plant)


def evidence_beyond(data: Dataset, users: set[str]) -> Dataset:
    reason = Reason(Evidence((0, 77), "attribute", "colour", "black"), wants=(("colour", "black"),))
    return _with_reason(data, users, reason, "Black keeps coming back [1].")


def evidence_not_had(data: Dataset, users: set[str]) -> Dataset:
    reason = Reason(Evidence((0,), "attribute", "colour", "chartreuse"), wants=(("colour", "black"),))
    return _with_reason(data, users, reason, "The chartreuse of [1] goes with black.")


def evidence_want_unknown(data: Dataset, users: set[str]) -> Dataset:
    reason = Reason(Evidence((1,), "co_purchase"), wants=(("garment", "space suit"),))
    return _with_reason(data, users, reason, "With [2] goes a space suit.")


def evidence_of_nothing(data: Dataset, users: set[str]) -> Dataset:
    reason = Reason(Evidence((), "attribute", "colour", "black"), wants=(("colour", "black"),))
    return _with_reason(data, users, reason, "Likes black.")
