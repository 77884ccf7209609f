"""The command line: one small module a verb. The only place that uses Hydra, prints, or configures logging."""
