"""Texts as classes: CLIP's text transformer, its tokenizer, X-CLIP's video-specific prompts, and the classifier made
of them.

A model of the zoo that was trained together with texts (``clip.py``, ``xclip.py``) gives a clip a vector;
``TextTower`` gives a text one in the same space; ``TextClassifier`` compares them.
"""
