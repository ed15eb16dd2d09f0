"""How do the bytes of a blob come in?

Windows of a file, or a stream; its compression, by signature; what its bytes come to, hashed.
"""
