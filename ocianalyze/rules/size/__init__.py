"""Rules about the size of the image."""
