"""Tests of `ocianalyze.facts.gpu`."""
