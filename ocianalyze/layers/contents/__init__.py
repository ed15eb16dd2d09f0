"""Which contents are kept, and what are they?"""
