"""Which videos there are: lists, tables and folders of clips, their labels and splits, and the manifest of them all."""
