"""Rules about the image as a whole: platform, manifest and layers."""
