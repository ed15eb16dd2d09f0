"""Tests of `ocianalyze.facts.user`."""
