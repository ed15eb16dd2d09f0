"""Tests of `ocianalyze.facts.size`."""
