"""Indexes of layers: what one says of the files, and how single contents are read through it.

What an index says is a claim that nobody has checked against the layer.
"""
