"""The ground floor: values, seeding, building by name, checkpoints and logs. Imports nothing above it."""
