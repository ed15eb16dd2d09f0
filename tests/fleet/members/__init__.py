"""Tests of how the members of a fleet are found."""
