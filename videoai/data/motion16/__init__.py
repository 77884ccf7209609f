"""The built-in data set: sixteen motions of drawn shapes, rendered on this machine."""
