"""The rules for images: the machinery, and one file per rule in a package per family."""
