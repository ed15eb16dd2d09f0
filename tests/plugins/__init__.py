"""Rules of other packages: an example that is really installed, and broken ones."""
