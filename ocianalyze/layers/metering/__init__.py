"""How much may reading cost, and how far is it?

Limits, the one budget of an analysis, and whoever is told of the progress.
"""
