"""What refers to an image: listed for readers, and pushed by ``ocianalyze attach`` alone."""
