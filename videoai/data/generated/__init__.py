"""Clips that a generator made, as training data: the folder of them, and their share of each batch."""
