"""What an evaluation says: metrics, multi-view averages, result files, terminal tables. Knows no model or dataset."""
