"""Which pixels of a clip a class depends on: attribution methods for any network, and how well they point at a truth.

Knows networks and tensors alone: no file, no checkpoint.
"""
