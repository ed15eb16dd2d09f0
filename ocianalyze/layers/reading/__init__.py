"""How do the layers of an image become changesets?

One layer, or many by several workers; what is known already, from the cache.
"""
