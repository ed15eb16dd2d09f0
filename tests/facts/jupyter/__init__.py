"""Tests of `ocianalyze.facts.jupyter`."""
