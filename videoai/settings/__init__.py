"""One description of every setting: a dataclass a group, a field a setting."""
