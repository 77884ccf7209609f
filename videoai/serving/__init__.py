"""Answers over HTTP: uploads in, what ``predict`` says out. Knows predictors and no task."""
