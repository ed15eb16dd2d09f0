"""What the image says of itself as a whole: platform and architecture."""
