"""The page of ``benchmarks.report``: finished runs side by side, in one HTML file."""
