"""Temporal localisation: which actions happen when in untrimmed videos."""
