"""The way to a server: whom we trust, through which proxy, and for how long we wait."""
