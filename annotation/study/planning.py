"""Planning a study from a finished run: pages, checks, what participants read, the sample and the registration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from annotation import guidelines
from annotation.campaign import drafts
from annotation.campaign.data import examples_by_id
from annotation.campaign.drafting import spread
from annotation.campaign.folder import Campaign, Settings
from annotation.evaluation import checks
from annotation.evaluation.checks import Check
from annotation.evaluation.finished_runs import check_data
from annotation.study import arms, design, registration, simulation
from annotation.study.design import CHECKS, LONGEST, SHOWN, Assumptions, Design
from rad.data.dataset import Dataset
from rad.errors import RadError
from rad.rationales import files, text
from rad.rationales.facts import Facts
from rad.runtime import records
from rad.runtime.files import atomic_write, sha256_file, write_jsonl
from rad.runtime.provenance import now
from rad.types import Example, Prediction, Query, Rationale

HERE = Path(__file__).parent
READ = ("guidelines.md", "consent.md")  # what participants read; the lead may change it before it is pushed
CHECK = "This page tests whether pages are read. Please answer {} here, whatever you think of the items."
ASKED = ("2", "5", "1")  # on the checks


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the lead asks for: queries in all, pages of a participant, and the gains that the sample is made for."""

    queries: int
    pages: int
    gain: float
    least: float
    seed: int
    studies: int

    def __post_init__(self) -> None:
        if not 0 < self.least <= self.gain <= 1:
            raise RadError(
                f"--gain must be at most 1, and --least above 0 and no more; got {self.gain:g} and {self.least:g}"
            )
        if self.studies < 1 or self.queries < 1 or self.seed < 0:
            raise RadError("--studies and --queries must be at least 1 and --seed at least 0")


def predictions(path: Path) -> dict[str, tuple[Prediction, Rationale]]:
    """The predictions of a file by query id, with their rationales.

    Raises:
        RadError: No prediction has a rationale, or one is not in the words of facts.
    """
    out = {}
    for number, one in records.read(path, Prediction):
        if one.rationale is None or not one.rationale.reasons:
            continue
        try:
            text.parse(one.rationale.text)
        except RadError as error:
            raise RadError(f"{path}:{number}: {error}; a study needs explanations of one form in all arms") from None
        out[one.query_id] = one, one.rationale
    if not out:
        raise RadError(f"{path}: has no rationale: a study needs the run of a model that writes some")
    return out


@dataclass(frozen=True, slots=True)
class Planned:
    """A study that is not written yet. ``tried`` has the power of each number of participants that was tried."""

    design: Design
    tried: Sequence[tuple[int, float]]
    studies: int
    pages: Sequence[Rationale]
    checks: Sequence[Check]


def plan(path: Path, data: Dataset, wanted: Wanted) -> Planned:
    """Choose queries of a file of predictions, make their pages, and find how many participants are needed.

    Raises:
        RadError: The file is of other data, explains too few queries in all arms, or numbers do not fit each other.
    """
    design.check_sizes(wanted.queries, wanted.pages)
    check_data(path, data)
    predicted, examples = predictions(path), examples_by_id(data)
    if strange := sorted(predicted.keys() - examples.keys()):
        raise RadError(f"{path}: query {strange[0]} is not in {data.name}: --domain names the run's data")
    shown = _pages(predicted, [examples[key] for key in predicted], data, wanted.queries + CHECKS)
    queries = list(shown)[: wanted.queries]
    checking = [
        Check(query, CHECK.format(answer), {"trust": (answer,)})
        for query, answer in zip(list(shown)[wanted.queries :], ASKED, strict=True)
    ]
    one = Design(
        run_sha256=sha256_file(path),
        blocks=design.in_blocks(queries, wanted.pages, wanted.seed),
        rankings={query: predicted[query][0].ranking[:SHOWN] for query in shown},
        participants=0,
        gain=wanted.gain,
        least=wanted.least,
        power=0.0,
        assumed=Assumptions(),
        seed=wanted.seed,
    )
    one, tried = simulation.sample_size(one, wanted.studies)
    pages = [design.page_of(query, arm, words) for query in queries for arm, words in shown[query].items()]
    return Planned(one, tried, wanted.studies, sorted(pages, key=lambda page: page.rationale_id), checking)


def new(folder: Path) -> Campaign:
    """The campaign at ``folder``. :class:`RadError` where a study is planned there already."""
    campaign = Campaign(folder)
    if campaign.file(design.FILE).exists():
        raise RadError(f"{campaign.file(design.FILE)}: a study is planned here already: begin another folder")
    return campaign


def write(campaign: Campaign, data: Dataset, planned: Planned) -> None:
    """Begin the campaign, and write the study into its folder; ``study.json`` comes last."""
    wanted = Settings(
        name=campaign.path.name,
        domain=data.name,
        data_sha256=data.sha256,
        drafter=design.DRAFTER,
        drafter_version=planned.design.run_sha256[:12],
        guideline_version=guidelines.read(HERE).version,
        created=now(),
    )
    campaign.make()
    with campaign.locked("drafts"):
        campaign.begin(wanted)
        _write(campaign, planned)


def _write(campaign: Campaign, planned: Planned) -> None:
    files.write(campaign.file(drafts.FILE), planned.pages)
    write_jsonl(campaign.file(checks.FILE), planned.checks)
    for name in READ:
        if not campaign.file(name).exists():
            with atomic_write(campaign.file(name)) as file:
                file.write((HERE / name).read_text(encoding="utf-8"))
    with atomic_write(campaign.file(registration.FILE)) as file:
        file.write(registration.text(campaign, planned.design, planned.tried, planned.studies))
    design.write(campaign, planned.design)


def _pages(
    predicted: Mapping[str, tuple[Prediction, Rationale]], examples: Sequence[Example], data: Dataset, n: int
) -> dict[str, dict[str, str]]:
    """By query id, the texts of the arms: the first ``n`` queries, one of each user, of which all arms can be made."""
    facts = Facts.of(data.examples["train"], data.items)
    short = [one.query for one in spread(examples) if len(one.query.history) <= LONGEST]
    others = [(query, predicted[query.query_id][1]) for query in short]
    out: dict[str, dict[str, str]] = {}
    users = set[str]()
    for query in short:
        if len(out) == n:
            break
        if query.user_id in users:
            continue
        if texts := _texts(query, *predicted[query.query_id], others, data, facts):
            out[query.query_id] = texts
            users.add(query.user_id)
    if len(out) < n:
        raise RadError(
            f"only {len(out)} of the {n} queries that are needed ({CHECKS} of them for checks) can be explained in all "
            "arms: fewer --queries, or a run with more"
        )
    return out


def _texts(
    query: Query,
    prediction: Prediction,
    own: Rationale,
    others: Sequence[tuple[Query, Rationale]],
    data: Dataset,
    facts: Facts,
) -> dict[str, str] | None:
    another = arms.donor(query, others)
    if another is None or len(prediction.ranking) < SHOWN:
        return None
    return arms.texts(query, own, another, data.items[prediction.ranking[0]], data.items, facts)
