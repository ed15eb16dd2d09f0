"""Tests of the benchmarks: that plans can be made, that tiny images run, that numbers mean what they say."""
