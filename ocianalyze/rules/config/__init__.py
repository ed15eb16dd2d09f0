"""Rules about the AppImageConfig that the image is registered with; they apply where one is given."""
