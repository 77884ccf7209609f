"""Makes data sets that train faster out of others: re-encoded, decoded, or packed into shards."""
