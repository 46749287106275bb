"""The embedded review server: argilla-server with its own pages on one SQLite file, in an environment of its own."""
