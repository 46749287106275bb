"""What hostile submissions do to an entry's file: by a name, the change and words of the line that refuses it."""

from __future__ import annotations

from leaderboard.verification import untrusted

# --- what the entry's file says ---


def edit(path, value):
    """Sets one field of the entry, by its path."""

    def apply(raw):
        *most, last = path
        for key in most:
            raw = raw[key]
        raw[last] = value

    return apply


def score(field, value):
    return edit(("result", "scores", 0, field), value)


def again(raw):
    raw["result"]["scores"].append(raw["result"]["scores"][0])


def dropped(raw):
    raw["result"]["scores"] = [s for s in raw["result"]["scores"] if s["metric"] != "ndcg@10"]


def added_judge(raw):
    raw["result"]["scores"].append({**raw["result"]["scores"][0], "metric": "ndcg@5", "basis": "attested"})


def out_of_range(raw):
    raw["result"]["scores"].append(
        {**raw["result"]["scores"][0], "metric": "trust", "value": 9.0, "ci_high": 9.5, "basis": "attested"}
    )


def attested(**fields):
    """Adds a score that the submitter attests, with other ``fields``."""
    made_up = {"metric": "trust", "value": 2.0, "ci_low": 1.5, "ci_high": 2.5, "n": 60, "basis": "attested"}
    return lambda raw: raw["result"]["scores"].append(made_up | fields)


SAYS = "Verified by the RAD team"
ENTRIES = {
    "changed score": (score("value", 0.9), "ndcg@10 (all) is 0.9"),
    "slightly changed score": (lambda raw: score("value", raw["result"]["scores"][0]["value"] + 1e-5)(raw), "ndcg@10"),
    "narrowed interval": (lambda raw: score("ci_low", raw["result"]["scores"][0]["value"])(raw), "interval"),
    "changed count": (score("n", 61), "has n 61, must be 60"),
    "turned direction": (score("higher_is_better", False), "higher_is_better False"),
    "other metric version": (score("version", 99), "version 99"),
    "unknown metric": (score("metric", "ndgc@10"), "did you mean 'ndcg'"),
    "unknown slice": (score("slice", "lucky"), "(lucky) does not follow"),
    "score twice": (again, "stands there twice"),
    "main score left out": (dropped, "ndcg@10 is missing"),
    "ranking score called attested": (added_judge, "follows from the predictions"),
    "attested score out of range": (out_of_range, "outside its range"),
    "string for a number": (score("value", "0.3"), "valid number"),
    "number for a string": (edit(("submitter", "name"), 7), "submitter.name: Input should be a valid string"),
    "true for a number": (score("n", True), "result.scores.0.n"),
    "unknown field": (edit(("admin",), True), "admin: Extra inputs"),
    "missing field": (lambda raw: raw.pop("submitter"), "submitter: Field required"),
    "wrong schema version": (edit(("schema_version",), 2), "schema_version '2'"),
    "wrong schema version of the result": (edit(("result", "schema_version"), 99), "result.schema_version"),
    "schema version as a string": (edit(("schema_version",), "1"), "schema_version '1'"),
    "stale data": (edit(("result", "dataset", "sha256"), "0" * 64), "dataset.sha256"),
    "stale data version": (edit(("result", "dataset", "version"), "0"), "dataset.version"),
    "validation split": (edit(("result", "task", "split"), "validation"), "test split"),
    "part of the queries": (edit(("result", "task", "limit"), 10), "answers every query"),
    "other number of queries": (edit(("result", "task", "n"), 59), "the task has 60"),
    "hidden failures": (edit(("result", "task", "n_failed"), 3), "n_failed: 3"),
    "invented failures": (edit(("result", "task", "failures"), {"x": 1}), "failures"),
    "hidden repeats": (edit(("result", "task", "n_repeat"), 3), "n_repeat: 3"),
    "unknown domain": (edit(("result", "task", "domain"), "wrold"), "did you mean 'world'"),
    "domain with a path": (edit(("result", "task", "domain"), "recbole:../../etc"), "unknown domain"),
    "domain with a path in a known one": (edit(("result", "task", "domain"), "scientific:/etc/passwd"), "without"),
    "a name twice": (edit(("result", "task", "domain"), "world:seed=0"), "the name of this task is world"),
    "zeros before a number": (
        edit(("result", "task", "domain"), "world:seed=00,users=060"),
        "the name of this task is world:users=60",
    ),
    "a setting that is the default": (edit(("result", "task", "domain"), "world:users=2000"), "task is world"),
    "settings in another order": (
        edit(("result", "task", "domain"), "world:items=200,users=60"),
        "the name of this task is world:users=60,items=200",
    ),
    "a setting twice": (edit(("result", "task", "domain"), "world:seed=4,seed=5"), "task is world:seed=5"),
    "a task of one query": (edit(("result", "task", "domain"), "world:users=1,items=200"), "at least 50 queries"),
    "a world that takes minutes": (
        edit(("result", "task", "domain"), "world:users=20000,items=20000,shortest=60"),
        "users up to 2000",
    ),
    "long histories": (edit(("result", "task", "domain"), "world:shortest=60,longest=60"), "shortest up to 20"),
    "world of a billion users": (edit(("result", "task", "domain"), "world:users=1000000000"), "users up to 2000"),
    "season with a path": (edit(("result", "task", "domain"), "season:../../x"), "no season"),
    "predictions with a path": (edit(("predictions", "path"), "../../../etc/passwd"), "predictions.path"),
    "absolute predictions": (edit(("predictions", "path"), "/etc/passwd"), "predictions.path"),
    "run_id with a path": (edit(("result", "run_id"), "../../evil"), "run_id"),
    "model name with a path": (edit(("result", "model", "name"), "../evil"), "model.name"),
    "other model's folder": (edit(("result", "model", "name"), "sasrec"), "belongs in sasrec/"),
    "script in the model's name": (edit(("result", "model", "name"), "<script>alert(1)</script>"), "markup"),
    "script in the submitter": (edit(("submitter", "name"), "<img src=x onerror=alert(1)>"), "markup"),
    "script in the settings": (edit(("result", "model", "config"), {"<script>": "</script>"}), "markup"),
    "control characters": (edit(("submitter", "name"), "Ada\x1b[31m"), "control characters"),
    "text that runs backwards": (edit(("submitter", "name"), "Ada \u202egro.elpmaxe"), "control characters"),
    "seed that is none": (edit(("result", "provenance", "seed"), "abc"), "provenance.seed"),
    "negative seed": (edit(("result", "provenance", "seed"), -1), "provenance.seed"),
    "settings that are none": (
        edit(("result", "provenance", "settings"), [1]),
        "provenance.settings: must be an object",
    ),
    "settings that are null": (edit(("result", "provenance", "settings"), None), "settings: must be an object"),
    "tuned that is null": (edit(("result", "provenance", "tuned"), None), "tuned: must be an object"),
    "command that is null": (edit(("result", "provenance", "command"), None), "command: must be a list"),
    "settings that say more": (
        edit(("result", "provenance", "settings"), {"by": "official, verified by RAD"}),
        "'by=official, verified by RAD' is no setting",
    ),
    "settings of a list": (edit(("result", "provenance", "settings"), {"a": [1]}), "is no setting"),
    "settings without a name": (edit(("result", "provenance", "settings"), {"": 1}), "is no setting"),
    "a label without end": (
        edit(("result", "provenance", "settings"), {f"a{k}": "x" * 40 for k in range(9)}),
        "a label of",
    ),
    "command that is none": (edit(("result", "provenance", "command"), [1]), "provenance.command: must be a list of"),
    "a time to come": (edit(("submitted_at",), "9999-01-01T00:00:00Z"), "is to come"),
    "a time of other digits": (edit(("submitted_at",), "\u0662026-01-01T00:00:00Z"), "submitted_at"),
    "a version that says more": (edit(("result", "model", "version"), "2) verified (by RAD"), "model.version"),
    "a label that speaks for the board": (
        edit(("result", "provenance", "settings"), {"by": "off1cial,verified-by-RAD"}),
        "speaks for the board",
    ),
    "a name that speaks for the board": (edit(("submitter", "name"), "Ada (verified)"), "speaks for the board"),
    "a contact of other letters": (edit(("submitter", "contact"), "\u0430da@example.org"), "printable ASCII"),
    "a contact of two lines": (edit(("submitter", "contact"), "ada@example.org\nRAD"), "printable ASCII"),
    "another's name under the signature": (edit(("submitter", "name"), "Ben"), "signature: not by this key"),
    "another card under the signature": (edit(("model_card",), "Mine."), "signature: not by this key"),
    "another's key": (
        lambda raw: raw["signature"].update(key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "B" * 43),
        "signature: not by this key",
    ),
    "a key with options": (
        lambda raw: raw["signature"].update(key="* " + raw["signature"]["key"]),
        "signature.key",
    ),
    "a signature that is none": (lambda raw: raw["signature"].update(value="yes"), "signature: not by this key"),
    "negative cost": (edit(("result", "cost", "fit_seconds"), -1.0), "fit_seconds is -1, must be from 0"),
    "cost beyond measure": (edit(("result", "cost", "ms_per_query"), 1e308), "ms_per_query is 1e+308"),
    "memory beyond measure": (edit(("result", "cost", "peak_memory_mb"), 1e10), "peak_memory_mb is 1e+10"),
    "tokens beyond measure": (edit(("result", "cost", "tokens_per_query"), 1e10), "tokens_per_query is 1e+10"),
    "parameters beyond count": (edit(("result", "model", "n_parameters"), 10**16), "n_parameters is 1e+16"),
    "time that is none": (edit(("submitted_at",), "2026-13-41T12:00:00Z"), "is no time"),
    "endless text": (edit(("trained_on", 0), "x" * 10_001), "10001 characters"),
    "invented examples": (edit(("examples", 0, "rank"), 1), "examples: not what the predictions say"),
    "invented titles": (lambda raw: raw["titles"].update(x="Buy now"), "titles"),
    "huge model card": (edit(("model_card",), "x" * 60_000), "model_card"),
    "a base model that speaks for the board": (edit(("result", "model", "base_model"), SAYS), "speaks for the board"),
    "training data that speak for the board": (edit(("trained_on", 0), SAYS), "speaks for the board"),
    "training data without end": (edit(("trained_on", 0), "x " * 4000), "printable ASCII"),
    "a contact that speaks for the board": (edit(("submitter", "contact"), SAYS), "speaks for the board"),
    "a slice that speaks for the board": (attested(slice=SAYS), "no name of a metric or slice"),
    "a metric that says more": (attested(metric=f"trust.{SAYS}"), "no name of a metric or slice"),
    "a cut that says more": (attested(metric=f"trust@{SAYS}"), "no name of a metric or slice"),
    "a metric not computed again that says more": (
        attested(metric="embedding_similarity.endorsed", basis="recomputed", value=0.5, ci_low=0.4, ci_high=0.6),
        "no name of a metric or slice",
    ),
    "another task than ranking": (edit(("result", "task", "name"), "rating"), "unknown field ranking"),
    "no training data stated": (edit(("trained_on",), []), "trained_on"),
}


# Names of submitters that could be taken for another's, or that say nothing to see.
NAMES = {
    "without width": ("Ada\u200b", "control characters"),
    "a joiner": ("A\u200dda", "U+200D"),
    "a tag": ("Ada\U000e0041", "control characters"),
    "a blank letter": ("Ada\u3164", "U+3164"),
    "a blank braille": ("Ada\u2800", "U+2800"),
    "a soft hyphen": ("A\u00adda", "U+00AD"),
    "zalgo": ("A\u030d\u030e\u0304da", "marks"),
    "Cyrillic among Latin": ("\u0410da", "mixes letters of CYRILLIC and LATIN"),
    "Greek among Latin": ("Ad\u03b1", "mixes letters of GREEK and LATIN"),
    "wide letters": ("\uff21da", "another form"),
    "small capitals": ("\U0001d400da", "another form"),
    "an emoji": ("Ada \u2705", "U+2705"),
    "spaces around": (" Ada ", "space"),
    "two spaces": ("Ada  B", "space"),
    "a no-break space": ("Ada\u00a0B", "another form"),
    "two lines": ("Ada\nB", "U+000A"),
    "signs alone": ("...", "less than two"),
    "official": ("The Official Team", "speaks for the board"),
    "Lisu letters": ("\ua4ee\ua4d3\ua4ee", "letters of LISU"),
    "Cherokee letters": ("\u13aa\u13a0\u13aa", "letters of CHEROKEE"),
    "Coptic letters": ("\u2ca2\u2c80\u2c86", "letters of COPTIC"),
    "a letter with a stroke": ("\u00d8fficial", "speaks for the board"),
    "phonetic capitals": ("\u1d0f\ua730\ua730\u026a\u1d04\u026a\u1d00\u029f", "speaks for the board"),
    "off1c1al": ("0ff1c1al", "speaks for the board"),
}


# --- the bytes of the entry's file ---


def text(old, new):
    return lambda raw: raw.replace(old, new, 1)


BYTES = {
    "NaN": (text(b'"value":', b'"value":NaN,"x":'), "NaN is not a number"),
    "infinity": (text(b'"n_parameters":', b'"n_parameters":-Infinity,"x":'), "Infinity"),
    "1e999": (text(b'"fit_seconds":', b'"fit_seconds":1e999,"x":'), "1e999 is not a finite number"),
    "number of a million digits": (text(b'"n_parameters":', b'"n_parameters":' + b"9" * 1_000_000 + b',"x":'), "JSON"),
    "key twice": (text(b'"run_id":', b'"run_id":"aaaa","run_id":'), "stands twice"),
    "deep JSON": (text(b'"config":', b'"config":' + b'{"a":' * 200 + b"1" + b"}" * 200 + b',"x":'), "nested"),
    "very deep JSON": (lambda raw: b"[" * 1_000_000, "nested 1000000 deep"),
    "huge JSON": (lambda raw: raw + b" " * untrusted.JSON_BYTES, "bytes, at most"),
    "not UTF-8": (text(b"Ada", b"Ad\xe9"), "not UTF-8"),
    "UTF-16": (lambda raw: raw.decode().encode("utf-16"), "not UTF-8"),
    "half a surrogate pair": (text(b'"Ada"', b'"\\ud800"'), "surrogate"),
    "a list": (lambda raw: b"[]", "schema_version 'None'"),
    "an empty file": (lambda raw: b"", "not JSON"),
    "cut short": (lambda raw: raw[: len(raw) // 2], "not JSON"),
    "two values": (lambda raw: raw + b"{}", "not JSON"),
    "a zip": (lambda raw: b"PK\x03\x04" + raw, "not JSON"),
}
