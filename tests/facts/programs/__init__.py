"""Tests of `ocianalyze.facts.programs`."""
