"""Tests of where images come from."""
