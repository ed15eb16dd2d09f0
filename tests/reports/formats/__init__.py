"""Tests of `ocianalyze.reports.formats`."""
