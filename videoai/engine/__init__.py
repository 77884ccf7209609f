"""The loop and its parts: trainer, precision, optimizers, schedules, interrupts. Knows neither data nor models."""
