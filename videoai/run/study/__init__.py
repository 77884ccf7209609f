"""Many small trainings that answer one question."""
