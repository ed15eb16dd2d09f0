"""Which entries does a tar have?

Headers, extended headers and sparse files; what runtimes refuse. The only code that reads untrusted tars.
"""
