"""The tree of reasons computes what a left-to-right language model would, and its objectives are what they say."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks.models.rationale_first.head import Head
from benchmarks.models.rationale_first.reasoner import Chunk, Reasoner, chunks_of
from benchmarks.models.rationale_first.sft import Drafts, Reasons, last_checkpoint
from rad.errors import RadError
from rad.features.item_features import Catalogue
from rad.features.position_mixture import RECENCY_POSITIONS, EvidenceModel


@pytest.fixture
def catalogue(toy):
    return Catalogue.of(toy.items)


@pytest.fixture
def reasoner(catalogue):
    torch.manual_seed(0)
    made = Reasoner(catalogue, [], None, slots=3, window=6, hidden=32, layers=2)
    for parameter in made.lm.parameters():  # larger than at the start of training, so that a wrong mask would show
        parameter.data.mul_(8)
    made.lm.eval()
    return made


def plain(reasoner, tokens):
    """Log probabilities of the next token after ``tokens``, by the language model alone."""
    with torch.no_grad():
        return reasoner.lm(torch.tensor([tokens])).logits[0, -1].float()


@torch.no_grad()
def test_tree_equals_left_to_right(reasoner):
    chunks = [Chunk((3, 7, 1, 12), (2, 4), (0, 1), (False, True, False, True)), Chunk((5,), (1,), (2,), (True,))]
    batch = reasoner.encode(chunks)
    story = reasoner.story(reasoner.states(batch), batch)
    voice, example = reasoner.lm.voice, 0
    for chunk in chunks:
        for end in chunk.ends:
            prompt = [reasoner.bos]
            for k, item in enumerate(chunk.items[:end]):
                prompt += [reasoner.citations[k], *reasoner.blocks[chunk.low[k]][item]]
            prompt.append(reasoner.why)
            first = torch.softmax(plain(reasoner, prompt)[reasoner.first_ids] * voice.loudness + voice.first, 0)
            torch.testing.assert_close(story.unexplained[example], first[0], atol=1e-3, rtol=1e-3)
            torch.testing.assert_close(story.wants[example], first[2:], atol=1e-3, rtol=1e-3)
            together, likes, avoids = (plain(reasoner, [*prompt, token]) for token in reasoner.branches)
            cited = [reasoner.citations[end - 1 - slot] for slot in range(min(3, end))]
            expected = first[1] * torch.softmax(together[cited], 0)
            torch.testing.assert_close(story.together[example, : len(cited)], expected, atol=1e-3, rtol=1e-3)
            assert story.anchors[example, : len(cited)].tolist() == list(chunk.items[:end][::-1][:3])
            taste = (likes * voice.firmness[0] - avoids * voice.firmness[1])[reasoner.first_ids[2:]] + voice.standing
            torch.testing.assert_close(story.taste()[example], taste, atol=1e-3, rtol=1e-3)
            example += 1


@torch.no_grad()
@torch.no_grad()
def test_filler_is_read_left_to_right(catalogue):
    torch.manual_seed(0)
    made = Reasoner(catalogue, [], None, slots=3, window=6, hidden=32, layers=2, pauses=3)
    made.lm.eval()
    batch = made.encode([Chunk((3, 7, 1), (2, 3), (0, 1), (False, True, False)), Chunk((5,), (1,), (2,), (True,))])
    roots = made.roots(made.states(batch), batch)
    histories = [[(3, False), (7, True)], [(3, False), (7, True), (1, False)], [(5, True)]]
    for root, history in zip(roots, histories, strict=True):
        prompt = [made.bos]
        for k, (item, low) in enumerate(history):
            prompt += [made.citations[k], *made.blocks[low][item]]
        prompt += [made.why, *made.after_why]
        alone = made.lm(torch.tensor([prompt]), output_hidden_states=True).hidden_states[-1][0, -1]
        torch.testing.assert_close(root, alone, atol=1e-4, rtol=1e-3)
    assert made.tokenizer.convert_ids_to_tokens(made.after_why) == ["<pause>"] * 3


def test_written_stories_do_not_depend_on_the_batch(reasoner):
    histories = [(3, 7, 1, 12), (5,), (2, 4, 6)]
    low = [tuple(k % 2 == 0 for k in range(len(h))) for h in histories]
    [together] = reasoner.write(histories, low)
    for k, history in enumerate(histories):
        [alone] = reasoner.write([history], [low[k]])
        torch.testing.assert_close(alone.wants[0], together.wants[k], atol=2e-2, rtol=0)  # in bfloat16
        torch.testing.assert_close(alone.likes[0], together.likes[k], atol=2e-2, rtol=0)
        whole = alone.unexplained + alone.together.sum(1) + alone.wants.sum(1)
        torch.testing.assert_close(whole, torch.ones(1), atol=1e-3, rtol=0)


def test_prompt_can_be_read(reasoner):
    batch = reasoner.encode([Chunk((3, 7), (2,), (0,), (False, True))])
    text = reasoner.tokenizer.decode(batch["ids"][0])
    prompt = "<bos> [1] colour=black garment=scarf [2] low:colour=blue low:garment=scarf <why>"
    assert text == f"{prompt} <together> <likes> <avoids>"


def test_a_new_models_words_start_at_right_angles(catalogue):
    made = Reasoner(catalogue, [], None, slots=3, window=6, hidden=32, layers=1)
    words = torch.nn.functional.normalize(made.words(), dim=1)
    torch.testing.assert_close(words @ words.T, torch.eye(len(catalogue.values)), atol=1e-4, rtol=0)


@torch.no_grad()
def test_history_loss_is_that_of_the_values(reasoner):
    batch = reasoner.encode([Chunk((3, 7), (2,), (0,), (False, False))])
    tokens = batch["ids"][0].tolist()
    losses = []
    for place, token in enumerate(tokens[:-1]):  # all of the history
        if token in reasoner.first_ids[2:].tolist():
            logits = plain(reasoner, tokens[:place])[reasoner.first_ids]
            losses.append(-torch.log_softmax(logits, 0)[reasoner.first_ids.tolist().index(token)])
    got = reasoner.history_loss(reasoner.states(batch), batch)
    assert len(losses) == 4 and got.item() == pytest.approx(torch.stack(losses).mean().item(), rel=1e-3)


def test_chunks_cover_every_example_once_with_enough_of_its_history():
    histories = [tuple(range(n)) for n in (2, 3, 5, 9, 20, 21)] + [(1, 2), (1, 2, 3)]
    users = np.array([0] * 6 + [1] * 2)
    chunks = chunks_of(histories, users, 8, [[item % 3 == 0 for item in h] for h in histories])
    seen = sorted(e for c in chunks for e in c.examples)
    assert seen == list(range(8))
    for chunk in chunks:
        assert len(chunk.items) <= 8 and chunk.low == tuple(item % 3 == 0 for item in chunk.items)
        for end, e in zip(chunk.ends, chunk.examples, strict=True):
            assert chunk.items[:end] == histories[e][-end:] and end >= min(4, len(histories[e]))


def test_drafts_follow_the_drafter_and_fade(toy, catalogue):
    reasoner = Reasoner(catalogue, [], None, slots=RECENCY_POSITIONS, window=6, hidden=32, layers=1)
    drafter = EvidenceModel().fit(toy.examples["train"], toy.items, steps=5)
    head = Head(catalogue, drafter.weights, drafter.background_power, reasoner.words, 32, 0.02)
    drafts = Drafts(drafter)
    objective = Reasons(head, drafter.prefixes, drafts)
    n = len(toy.examples["train"])
    assert drafts.columns.shape == (n, 4)  # unexplained, together, two values of a target
    np.testing.assert_allclose(drafts.draft.sum(1), 1, atol=1e-4)
    np.testing.assert_allclose(drafts.cited.sum(1), drafts.draft[:, 1], atol=1e-4)
    wanted = {catalogue.values[c - 2] for c in drafts.columns[0, 2:].tolist()}
    item = toy.items[next(iter(toy.examples["train"][0].relevant))]
    assert wanted == {(a, v) for a, vs in item.attributes.items() for v in vs}
    p, some = drafter.prefixes, np.arange(4)
    chunks = chunks_of([p.histories[k] for k in some], p.users[some], 6, [[False] * len(p.histories[k]) for k in some])
    batch = reasoner.encode(chunks)
    with torch.no_grad():
        story = reasoner.story(reasoner.states(batch), batch)
        examples = batch["examples"].numpy()
        marginal = objective.head.loss(story, p.counts, p.folds[examples], p.targets[examples])
        assert objective.of(story, examples, 1.0).item() == pytest.approx(marginal.item())
        whole, half = (objective.of(story, examples, x).item() - marginal.item() for x in (0.0, 0.125))
        assert whole > 0 and half == pytest.approx(whole / 2, rel=1e-3)


def test_a_checkpoint_cut_short_is_not_resumed(tmp_path):
    assert last_checkpoint(tmp_path) is None
    for step, whole in ((100, True), (200, True), (1000, False)):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if whole:
            (tmp_path / f"checkpoint-{step}" / "trainer_state.json").write_text("{}")
    assert last_checkpoint(tmp_path) == str(tmp_path / "checkpoint-200")


def test_a_pretrained_model_gets_the_tokens_it_lacks(catalogue, reasoner, toy, tmp_path):
    """Any Hugging Face folder serves: here a small GPT-2 with a word-level tokenizer, made on the spot."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    words = ["<unk>", "colour", "garment", "red", "blue", "boots", "coat", "together", "why", "Arbo"]
    tokenizer = Tokenizer(models.WordLevel({w: k for k, w in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>").save_pretrained(tmp_path)
    GPT2LMHeadModel(GPT2Config(vocab_size=len(words), n_embd=32, n_layer=1, n_head=2)).save_pretrained(tmp_path)
    before = AutoModelForCausalLM.from_pretrained(tmp_path).get_input_embeddings().weight.detach()
    titles = [item.title for item in toy.items.values()]
    made = Reasoner(catalogue, titles, str(tmp_path), slots=3, window=6, hidden=0, layers=0)
    key = made.tokenizer.convert_tokens_to_ids("colour=red")
    after = made.lm.get_input_embeddings().weight.detach()
    torch.testing.assert_close(after[key], before[[1, 3]].mean(0))
    batch = made.encode([Chunk((3, 7), (2,), (0,), (False, True))])
    story = made.story(made.states(batch), batch)
    assert torch.isfinite(story.wants).all() and torch.isfinite(story.taste()).all()
    assert (story.unexplained + story.together.sum(1) + story.wants.sum(1)).item() == pytest.approx(1, abs=1e-4)


def test_a_base_model_that_does_not_load_is_one_line(catalogue, tmp_path):
    with pytest.raises(RadError, match=r"^base_model '.*' is no causal language model that loads: [^\n]*$"):
        Reasoner(catalogue, [], str(tmp_path / "nothing"), slots=3, window=6, hidden=0, layers=0)
