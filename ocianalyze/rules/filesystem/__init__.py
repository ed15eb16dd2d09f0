"""Rules about files in directories that are reserved or hidden at run time."""
