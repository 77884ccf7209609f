"""Generators of videos and what measures them. Imports neither a data set nor a classifier."""
