"""Tests of `ocianalyze.facts.python`."""
