"""Layers become the root file system that a container would see."""
