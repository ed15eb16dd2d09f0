"""What does a layer change?

Its entries as columns, built row by row, packed and unpacked.
"""
