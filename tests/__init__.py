"""Tests of ocianalyze; they mirror the package."""
