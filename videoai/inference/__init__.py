"""Using trained models: load a checkpoint, score videos, predict files, draw the answers."""
