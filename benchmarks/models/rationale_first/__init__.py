"""Rationale first."""
