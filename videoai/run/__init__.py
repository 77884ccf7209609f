"""The verbs, one a file: build in the order of dependency, call one method. What trainings share is in ``training``."""
