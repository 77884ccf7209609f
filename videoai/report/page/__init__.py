"""``report.html``: one file to look at after an evaluation, which needs no network and no other file."""
