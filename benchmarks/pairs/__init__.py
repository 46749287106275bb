"""Ratings and choices: how predictions of pairs are scored, shown and asked further questions."""
