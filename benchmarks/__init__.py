"""Large images, and how long ocianalyze and its peers take to read them."""
