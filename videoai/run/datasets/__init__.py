"""Inspect, check and prepare data before a training."""
