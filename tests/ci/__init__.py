"""The parts for CI services."""
