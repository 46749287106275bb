"""Attacked texts: one item in a hundred for each attack, and nothing else of the catalogue changes."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.audits.trust.attacks import ATTACKS, ORDERS, attack
from rad.features.bm25 import tokenize
from rad.types import Item


def test_each_attack_has_its_own_items_and_changes_their_texts_alone(small_world):
    catalogue = attack(small_world.items, small_world.examples["train"])
    ids = [item_id for name in ATTACKS for item_id in catalogue.attacked[name]]
    assert len(ids) == len(set(ids)) == len(ATTACKS) * round(0.01 * len(small_world.items))
    assert list(catalogue.items) == list(small_world.items)
    for item_id, item in small_world.items.items():
        other = catalogue.items[item_id]
        assert (other.text != item.text) == (item_id in ids) and replace(other, text=item.text) == item
        assert other.text.endswith(item.text)


def test_what_no_screen_shows_is_no_word_and_no_visible_character(small_world):
    catalogue = attack(small_world.items, small_world.examples["train"])
    for item_id in catalogue.attacked["invisible"]:
        item = small_world.items[item_id]
        added = catalogue.items[item_id].text.removesuffix(f" {item.text}")
        assert all(c == "\u200b" or 0xE0000 <= ord(c) <= 0xE007F for c in added) and len(added) > len(ORDERS)
        assert tokenize(added) == [], "readers of words do not see it either"


def test_a_catalogue_too_small_for_all_attacks_has_as_many_of_each():
    items = {str(k): Item(str(k), "toy", f"title {k}", "text", {}) for k in range(7)}
    attacked = attack(items, [], share=0.5).attacked
    assert [len(attacked[name]) for name in ATTACKS] == [1] * len(ATTACKS)
