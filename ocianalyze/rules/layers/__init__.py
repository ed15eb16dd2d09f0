"""Rules about layers that container runtimes cannot unpack."""
