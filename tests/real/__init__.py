"""Scans of real images, made here by tools that are not ours."""
