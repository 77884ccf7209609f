"""How training clips are varied: space, time, colour, mixing, and which classes are drawn how often."""
