"""What a person can do on the page: each action, and a line for each that cannot be done."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from annotation.campaign import data as campaign_data
from annotation.commands.feedback import main as take
from annotation.exchange import feedback
from benchmarks.app.actions import Actions, Session
from benchmarks.app.keeping import Keeper
from benchmarks.app.timing import edit_times
from benchmarks.explanations.changes.steering import wish
from rad.data.load import open_dataset
from rad.errors import RadError
from rad.rationales import text
from rad.runtime.files import read_jsonl


def history(session):
    return [x.item_id for x in session.now.critique.query.history]


def test_users_are_picked_by_number_and_id_and_leafed_through(actions):
    examples = actions.users.examples
    third = actions.pick(Session(), "3")
    assert third.number == 2 and third.now.critique.query == examples[2].query
    assert actions.pick(third, examples[2].query.user_id[:10]).number in (0, 1, 2), "the first query of the user"
    assert actions.step(third, 1).number == 3 and actions.step(actions.step(third, -2), -1).number == len(examples) - 1
    assert actions.draw(third).now.critique.query in [e.query for e in examples]
    for words in ("zz", "", "nobody", str(len(examples) + 1), "²"):
        after = actions.pick(third, words)
        assert after.is_error and "no user" in after.message and after.now is third.now, "what was shown stays"


def test_a_history_is_pasted_by_titles_and_ids(actions):
    items = list(actions.users.data.items.values())
    lines = [f"{items[0].title} | 4", f"  {items[1].item_id}", "", items[2].title.upper()]
    pasted = actions.paste(Session(), "\n".join(lines))
    assert not pasted.is_error and pasted.number is None and history(pasted) == [items[k].item_id for k in range(3)]
    assert [x.rating for x in pasted.now.critique.query.history] == [4.0, None, None]
    assert actions.edit(pasted, "strike", {"line": 0}).before is pasted.now
    for words, message in {
        "": "the history is empty",
        "\n \n": "the history is empty",
        f"{items[0].title}\nA thing of nobody": "line 2: no item 'A thing of nobody'",
        items[0].title[:-3]: "did you mean",
        "x\n" * 201: "201 lines: a pasted history has at most 200",
        "y" * 100_000: "line 1: no item",
        "\x00\ud800": "line 1: no item",
    }.items():
        after = actions.paste(pasted, words)
        assert after.is_error and message in after.message and len(after.message) < 500 and after.now is pasted.now


def test_two_items_of_one_title_need_an_id(actions, users, tmp_path):
    first, second = list(users.data.items)[:2]
    twin = replace(users.data.items[second], title=users.data.items[first].title)
    data = replace(users.data, items={**users.data.items, second: twin})
    twins = Actions(replace(users, data=data), Keeper(users, tmp_path, "anna"))
    assert "2 items have this title: use an id" in twins.paste(Session(), twin.title).message


def test_each_edit_says_what_it_did_and_is_undone(actions, session):
    struck = actions.edit(session, "strike", {"line": "0"})
    assert ": struck" in struck.message and len(struck.steps) == 2
    again = actions.edit(struck, "strike", {"line": 0})
    assert ": restored" in again.message and again.now.ranking == session.now.ranking
    assert actions.undo(struck).now is session.now and actions.reset(again).now is session.now
    assert actions.undo(session).message == "nothing was edited yet"
    fact = session.now.further[0]
    added = actions.edit(session, "fact", {"fact": text.blank(fact)})
    assert added.now.critique.lines[-1].reason == fact and fact not in added.now.further
    assert "a reason already" in actions.edit(added, "fact", {"fact": text.blank(fact)}).message
    reworded = actions.reword(added, session.now.critique.text)
    assert reworded.now.ranking == session.now.ranking and reworded.now.critique.lines[-1].struck
    assert actions.reword(reworded, session.now.critique.text).message == "It says that already."


def test_any_value_of_the_catalogue_is_asked_for_or_ruled_out_by_its_name(actions, session):
    garments = [claim for claim in actions.facts.catalogue.values if claim[0] == "garment"]
    items = actions.users.data.items
    for claim in garments:
        wished = actions.edit(session, "wish", {"value": f"garment {claim[1]}", "want": "now"})
        assert not wished.is_error and wished.now.critique.lines[-1].reason == wish(claim, True)
        first = [claim[1] in items[k].attributes["garment"] for k in wished.now.ranking[:10]]
        before = [claim[1] in items[k].attributes["garment"] for k in session.now.ranking[:10]]
        assert sum(first) >= sum(before), "what is wished for is shown"
    ruled_out = actions.edit(session, "wish", {"value": f"garment {claim[1]}", "want": "never"})
    assert ruled_out.now.critique.lines[-1].reason == wish(claim, False)
    assert actions.edit(session, "wish", {"value": claim[1].upper(), "want": "now"}).message == wished.message
    assert "choose a value that the list completes" in actions.edit(session, "wish", {"value": "no such"}).message
    assert actions.edit(session, "wish", {}).is_error


def test_a_wish_is_kept_and_trains_nothing(actions, session, monkeypatch, users):
    value = " ".join(actions.facts.catalogue.values[0]).replace("_", " ")
    session_after = actions.keep(actions.edit(session, "wish", {"value": value, "want": "now"}))
    assert "is your own word and no fact of the history, so no model is trained on it" in session_after.message
    monkeypatch.setattr(campaign_data, "_open", lambda *_: users.data)
    take([str(actions.keeper.campaign.path)])
    assert list(read_jsonl(actions.keeper.campaign.file("rationales.jsonl"))) == []


@pytest.mark.parametrize(
    ("kind", "what"),
    [("strike", {}), ("strike", {"line": "x"}), ("strike", {"line": 99}), ("strike", {"line": float("inf")}),
     ("weigh", {"line": 0, "level": 3}), ("leave", {"level": None}), ("fact", {}), ("rm -rf", {"line": 0})],
)  # fmt: skip
def test_what_a_page_may_not_send_is_a_message(actions, session, kind, what):
    after = actions.edit(session, kind, what)
    assert after.is_error and after.message and after.now is session.now


def test_before_a_user_is_chosen_there_is_nothing_to_edit(actions):
    for after in (actions.edit(Session(), "strike", {"line": 0}), actions.keep(Session()), actions.undo(Session())):
        assert after.is_error and after.message == "choose a user first"


# --- feedback ---


def test_feedback_becomes_training_data(actions, session, folder, capsys, monkeypatch, users):
    corrected = actions.keep(actions.edit(session, "strike", {"line": 0}))
    assert "makes it training data" in corrected.message and (folder / "feedback.jsonl").is_file()
    later = actions.keep(actions.reword(corrected, text.REST.format("most likely")))
    assert len(list(read_jsonl(folder / "drafts.jsonl"))) == 1, "the draft stands once"
    monkeypatch.setattr(campaign_data, "_open", lambda *_: users.data)
    take([str(folder)])
    out = capsys.readouterr().out
    assert "1 forms on drafts, 0 on pasted histories" in out and "1 rationales of training queries" in out
    [(_, rationale)] = read_jsonl(folder / "rationales.jsonl")
    assert rationale["text"] == "Something unexplained is most likely." == later.now.critique.text
    assert rationale["origin"] == "edited" and rationale["query_id"] == session.now.critique.query.query_id
    [(_, origin)] = read_jsonl(folder / "provenance.jsonl")
    assert origin["state"] == "edited" and not origin["simulated"]


@pytest.mark.slow
def test_a_model_trains_on_it(tmp_path):
    """From the page to ``rationale_first``, on data that anyone can open again."""
    from benchmarks.app.users import of_model

    world = "world:users=120,items=200"
    users = of_model("rationale_first", ["epochs=1"], world, "train", 0, None)
    actions = Actions(users, Keeper(users, tmp_path / "fb", "anna"))
    session = actions.edit(actions.pick(Session(), "5"), "strike", {"line": 1})
    assert "makes it training data" in actions.keep(session).message
    take([str(tmp_path / "fb")])
    data = open_dataset(f"campaign:{tmp_path / 'fb'}")
    reviewed = [e.rationale for e in data.examples["train"] if e.rationale]
    assert [r.text for r in reviewed] == [session.now.critique.text]
    model = type(users.model)(users.model.settings)
    model.fit(data.examples["train"], (), data.items, seed=0)
    assert model.card.trained_on == ["purchases", "reviewed rationales"]


def test_what_is_not_of_a_training_query_is_kept_and_trains_nothing(actions, users, tmp_path, session):
    item = next(iter(users.data.items))
    pasted = actions.keep(actions.paste(session, item))
    assert "pasted history, so no model is trained" in pasted.message
    campaign = actions.keeper.campaign
    assert json.loads(campaign.file("pasted.jsonl").read_text())["query"]["history"][0]["item_id"] == item
    _, forms, left_out = feedback.take(campaign) if campaign.file("drafts.jsonl").exists() else (None, 0, 1)
    assert (forms, left_out) == (0, 1)
    tests = Actions(replace(users, examples=users.data.examples["test"]), Keeper(users, tmp_path / "t", "ben"))
    assert "not of a training query" in tests.keep(tests.pick(Session(), "1")).message


def test_a_folder_of_other_data_is_refused(actions, session, users, folder):
    actions.keep(session)
    with pytest.raises(RadError, match="is a campaign with data sha256"):
        Keeper(replace(users, data=replace(users.data, sha256="0" * 64)), folder, "anna")


def test_the_times_of_edits_are_printed(actions):
    assert "edits of 2 users, warm; median" in edit_times(actions, 2)
