"""RAD's tasks for lm-evaluation-harness, and RAD's own models as a model of that harness.

    lm_eval --model hf --model_args pretrained=CHECKPOINT --include_path benchmarks/lm_eval_tasks --tasks rad_rank_world
    python -m benchmarks.lm_eval_tasks --model rad --model_args name=item_knn --tasks rad_rank_world

``rad_rank_DOMAIN``       the candidates in the order of their log-likelihood after the history
``rad_rationale_DOMAIN``  a rationale is written; its claims are read from its words and scored as everywhere
``rad_like_DOMAIN``       did the user like what they bought last: yes or no by log-likelihood

``rad_rank``, ``rad_rationale`` and ``rad_like`` take any other domain: ``--metadata '{"domain": "recbole:FOLDER"}'``;
with ``"split": "validation"`` they ask validation queries, and ``"data_dir"`` names raw files (default: ``RAD_DATA``).
The files of ``domains`` are written by ``python -m benchmarks.lm_eval_tasks.generate`` from the registry of domains.
"""
