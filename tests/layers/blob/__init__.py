"""Tests of `ocianalyze.layers.blob`."""
