"""Rules about the AppImageConfig that the image is registered with."""
