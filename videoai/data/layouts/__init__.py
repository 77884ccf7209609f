"""Readers of the layouts in which data sets are published, one module each, and their detection.

A reader goes through the annotations, one ``Annotated`` a clip, and hands them to
``manifest_from_annotations``, which finds the files and
makes the splits in the one way that holds for all. ``detect`` of a module looks at a ``Survey`` and opens no video.
"""
