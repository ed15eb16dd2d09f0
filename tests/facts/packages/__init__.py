"""Which packages are installed?"""
