"""Tests of what is made of a results file."""
