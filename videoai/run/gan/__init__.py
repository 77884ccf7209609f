"""Train, evaluate and use generators of clips."""
