"""The tree of reasons computes what a left-to-right language model would, and its objectives are what they say."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from annotation.drafters.evidence import Drafter
from benchmarks.train.reasoner import Chunk, Reasoner, beam, chunks_of, findings
from benchmarks.train.sft import SoftTargets, last_checkpoint
from rad.affinity import Catalogue
from rad.errors import RadError


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
    chunks = [Chunk((3, 7, 1, 12), (2, 4), (0, 1)), Chunk((5,), (1,), (2,))]
    branches = np.array([[0, -1], [4, 8], [2, 1]])
    batch = reasoner.encode(chunks, branches)
    first, cite = reasoner.reasons(reasoner.states(batch), batch)
    example = 0
    for chunk in chunks:
        for end in chunk.ends:
            prompt = [reasoner.bos]
            for k, item in enumerate(chunk.items[:end]):
                prompt += [reasoner.citations[k], *reasoner.blocks[item]]
            prompt.append(reasoner.why)
            expected = torch.log_softmax(plain(reasoner, prompt)[reasoner.first_ids], 0)
            torch.testing.assert_close(first[example], expected, atol=1e-3, rtol=1e-3)
            cited = [reasoner.citations[end - 1 - slot] for slot in range(min(3, end))]
            for branch, value in enumerate(branches[example]):
                token = int(reasoner.first_ids[value + 2])
                after = torch.log_softmax(plain(reasoner, [*prompt, token])[cited], 0)
                torch.testing.assert_close(cite[example, branch, : len(cited)], after, atol=1e-3, rtol=1e-3)
            example += 1


@torch.no_grad()
def test_written_reasons_are_the_models_probabilities(reasoner):
    histories = [(3, 7, 1, 12), (5,)]
    for history, found in zip(histories, reasoner.write(histories, width=4), strict=True):
        batch = reasoner.encode([Chunk(history, (len(history),), (0,))], np.array([[-1, 0, 1, 2, 3, 4, 5, 6, 7, 8]]))
        first, cite = reasoner.reasons(reasoner.states(batch), batch)
        p = (first[0, 1:, None] + cite[0]).exp()  # (together and values, slots)
        kept = torch.cat([p[:1], p[1:][p[1:].sum(1).topk(4).indices]])
        assert sum(w for *_, w in found) == pytest.approx(1 - first[0, 0].exp().item(), abs=2e-2)
        slot, value, weight = max(found, key=lambda f: f[2])
        assert weight == pytest.approx(
            (p[value + 1, slot] * p.sum() / kept.sum()).item(), rel=0.1
        )  # the beam runs in bfloat16


def test_prompt_can_be_read(reasoner):
    batch = reasoner.encode([Chunk((3, 7), (2,), (0,))], np.array([[2, -1]]))
    text = reasoner.tokenizer.decode(batch["ids"][0])
    expected = "<bos> [1] colour=black garment=scarf [2] colour=blue garment=scarf <why> colour=green <together>"
    assert text == expected


@torch.no_grad()
def test_history_loss_is_that_of_the_values(reasoner):
    batch = reasoner.encode([Chunk((3, 7), (2,), (0,))], np.zeros((1, 0), np.int64))
    tokens = batch["ids"][0].tolist()
    losses = []
    for place, token in enumerate(tokens[:-1]):  # all but <why>
        if token in reasoner.first_ids.tolist():
            logits = plain(reasoner, tokens[:place])[reasoner.first_ids]
            losses.append(-torch.log_softmax(logits, 0)[reasoner.first_ids.tolist().index(token)])
    got = reasoner.history_loss(reasoner.states(batch), batch)
    assert len(losses) == 4 and got.item() == pytest.approx(torch.stack(losses).mean().item(), rel=1e-3)


def test_chunks_cover_every_example_once_with_enough_of_its_history():
    histories = [tuple(range(n)) for n in (2, 3, 5, 9, 20, 21)] + [(1, 2), (1, 2, 3)]
    users = np.array([0] * 6 + [1] * 2)
    chunks = chunks_of(histories, users, window=8)
    seen = sorted(e for c in chunks for e in c.examples)
    assert seen == list(range(8))
    for chunk in chunks:
        assert len(chunk.items) <= 8
        for end, e in zip(chunk.ends, chunk.examples, strict=True):
            assert chunk.items[:end] == histories[e][-end:] and end >= min(4, len(histories[e]))


def test_the_beam_sums_to_the_explained_share():
    first = torch.log(torch.tensor([[0.2, 0.1, 0.4, 0.3]]))  # unexplained, together, two values
    weight, value = beam(first, 2)
    assert value.tolist() == [[-1, 0, 1]] and weight.sum().item() == pytest.approx(0.8)
    weight, value = weight[:, 1:], value[:, 1:]
    [found] = findings(weight, value, torch.log(torch.tensor([[[0.9, 0.1], [0.5, 0.5]]])))
    assert [(slot, v) for slot, v, _ in found] == [(0, 0), (1, 0), (0, 1), (1, 1)]
    assert found[0][2] == pytest.approx(0.4 * 0.9)


def test_own_targets_give_the_gradient_of_the_marginal_likelihood():
    torch.manual_seed(0)
    scores = torch.randn(4, 6, requires_grad=True)
    columns = torch.tensor([[0, 1, 3, -1], [0, 1, 2, 4], [0, 1, 5, 3], [0, 1, 3, 2]])
    likelihood = torch.rand(4, 4)
    likelihood[1, 2] = 0.0
    nothing = {"branches": np.zeros((4, 0)), "branch_weight": torch.zeros(4, 0), "cited": torch.zeros(4, 0, 2)}
    targets = SoftTargets(columns, likelihood, draft=torch.rand(4, 4), **nothing)
    first = torch.log_softmax(scores, 1)
    targets.cross_entropy(first, torch.zeros(4, 0, 2), torch.arange(4), progress=1.0).backward()
    got, scores.grad = scores.grad.clone(), None
    first = torch.log_softmax(scores, 1)
    marginal = (first.gather(1, columns.clamp(min=0)).exp() * likelihood * (columns >= 0)).sum(1)
    (-marginal.log().mean()).backward()
    torch.testing.assert_close(got, scores.grad, atol=1e-5, rtol=1e-4)


def test_soft_targets_follow_the_drafter(toy):
    drafter = Drafter().fit(toy.examples["train"], toy.items, steps=5)
    targets = SoftTargets.of(drafter)
    n = len(toy.examples["train"])
    assert targets.columns.shape == (n, 4)  # unexplained, together, two values of a target
    torch.testing.assert_close(targets.draft.sum(1), torch.ones(n), atol=1e-4, rtol=0)
    torch.testing.assert_close(targets.cited.sum(2), torch.ones(n, 3), atol=1e-4, rtol=0)
    wanted = {drafter.catalogue.values[c - 2] for c in targets.columns[0, 2:].tolist()}
    item = toy.items[next(iter(toy.examples["train"][0].relevant))]
    assert wanted == {(a, v) for a, vs in item.attributes.items() for v in vs}


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
    batch = made.encode([Chunk((3, 7), (2,), (0,))], np.array([[2]]))
    first, cite = made.reasons(made.states(batch), batch)
    assert torch.isfinite(first).all() and cite.exp().sum().item() == pytest.approx(1, abs=1e-4)


def test_a_base_model_that_does_not_load_is_one_line(catalogue, tmp_path):
    with pytest.raises(RadError, match=r"^base_model '.*' is no causal language model that loads: [^\n]*$"):
        Reasoner(catalogue, [], str(tmp_path / "nothing"), slots=3, window=6, hidden=0, layers=0)
