"""Who writes the rationales of ``rationale_first``: a language model, its shortlist, its lessons and its stages."""
