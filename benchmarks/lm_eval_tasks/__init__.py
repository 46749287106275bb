"""RAD's tasks for lm-evaluation-harness, and RAD's own models as a model of that harness.

    lm_eval --model hf --model_args pretrained=CHECKPOINT --include_path benchmarks/lm_eval_tasks --tasks rad_rank
    lm_eval ... --tasks rad_rank,rad_rationale --metadata '{"domain": "scientific"}'
    python -m benchmarks.lm_eval_tasks --model rad --model_args name=item_knn --tasks rad_rank

``rad_rank``       the candidates in the order of their log-likelihood after the history
``rad_rationale``  a rationale is written; its claims are read from its words and scored as everywhere
``rad_like``       did the user like what they bought last: yes or no by log-likelihood

``--metadata`` names the domain (default: ``world``), any that ``rad.load`` opens: ``{"domain": "recbole:FOLDER"}``.
With ``"split": "validation"`` the tasks have the validation queries, and ``"data_dir"`` names raw files (default:
``RAD_DATA``).
"""
