"""The command line: one small module a verb. The only place that knows Hydra, prints, or configures logging."""
