"""``lm_eval`` with RAD's tasks and models registered: the same flags, ``--include_path`` set.

python -m benchmarks.lm_eval_tasks --model rad --model_args name=item_knn --tasks rad_rank
"""

from __future__ import annotations

import sys
from pathlib import Path

from rad.errors import RadError, run


def main() -> None:
    try:
        from lm_eval.__main__ import cli_evaluate

        import benchmarks.lm_eval_tasks.model  # noqa: F401  (registers the model ``rad``)
    except ModuleNotFoundError as error:
        if not str(error.name).startswith("lm_eval"):
            raise
        missing = "the harness is missing: pip install -c constraints.txt -e '.[bench,lm-eval]'"
        if "--help" in sys.argv:  # the flags are the harness's own
            print(f"{__doc__}\n{missing}")
            return
        raise RadError(missing) from error
    if "--include_path" not in sys.argv:
        sys.argv += ["--include_path", str(Path(__file__).parent)]
    cli_evaluate()


if __name__ == "__main__":
    run(main)
