"""The main face of a video: found or given, followed over its frames, and cut out as a steady square."""
