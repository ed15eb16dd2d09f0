"""Tests of `ocianalyze.layers.changeset`."""
