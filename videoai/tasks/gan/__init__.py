"""Generating videos: adversarial training, and how a generator is validated while it trains."""
