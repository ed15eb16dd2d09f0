"""Tests of `ocianalyze.layers.tar`."""
