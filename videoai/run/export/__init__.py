"""``export``: a checkpoint as a bundle that other programs run, judged on videos before it is written."""
