"""What must hold for an image: the machinery, and one file per rule in a package per family."""
