"""What one training run is built from: folder, stream of batches, weights, validation."""
