"""Rules about how the image is started, and on which port."""
