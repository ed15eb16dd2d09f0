"""Rules about layers: what keeps container runtimes from unpacking them."""
