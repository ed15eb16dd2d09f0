"""Tests of `ocianalyze.layers.metering`."""
