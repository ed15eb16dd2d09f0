"""Tests of `ocianalyze.layers.reading`."""
