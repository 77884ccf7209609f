"""``videoai features``: tables of what a network sees in videos."""
