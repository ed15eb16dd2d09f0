"""What changed from one image to another (``ocianalyze diff``): of two reports, with their inventories."""
