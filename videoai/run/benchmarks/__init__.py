"""How fast clips are decoded and loaded."""
