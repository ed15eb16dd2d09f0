"""The mirrors of a registry, and who says which there are."""
