"""Chosen settings: for each domain and model every setting that ``benchmarks.tune`` tried, a line each."""
