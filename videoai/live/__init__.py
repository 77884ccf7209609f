"""Streams of frames as they come: sources, rings, windows, decisions and where they go.

Knows frames, times and scores; no model.
"""
