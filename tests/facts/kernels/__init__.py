"""Tests of `ocianalyze.facts.kernels`."""
