"""Tests of the layers: codecs, the tar parser, changesets, readers, workers."""
