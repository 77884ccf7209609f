"""What a trainer trains: one file per kind of loss."""
