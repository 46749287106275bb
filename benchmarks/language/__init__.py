"""Language models that write rationales: any causal one, one prompt, one parser.

A model reads a history and its facts under letters (:mod:`rad.rationales.prompt`) and writes the lines of a rationale.
``bases`` opens it, ``tokens`` says what may stand in an answer, ``writing`` decodes it, ``supervised`` and
``on_policy`` are its stages of training by TRL, ``direct`` is the same model without reasons.
"""
