"""Tests of `ocianalyze.layers.contents`."""
