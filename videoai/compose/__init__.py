"""From presets, files, overrides and keywords to one settings object. The only place that uses Hydra."""
