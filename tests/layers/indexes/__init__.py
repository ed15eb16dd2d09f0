"""Tests of `ocianalyze.layers.indexes`."""
