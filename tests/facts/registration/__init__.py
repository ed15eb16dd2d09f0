"""Tests of `ocianalyze.facts.registration`."""
