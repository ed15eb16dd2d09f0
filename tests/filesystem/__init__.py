"""Tests of the merge and of the merged tree."""
