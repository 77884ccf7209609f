"""Classical learning on tables of features: preprocessing, selection, importance and probes, on scikit-learn. Arrays
alone; what is read from where is ``run/features``."""
