"""What happens when in a video: events from probabilities over time, their metrics, and the files that hold them.

Knows arrays and times alone: no video, no model.
"""
