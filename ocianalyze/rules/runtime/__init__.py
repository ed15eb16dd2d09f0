"""What the image needs to be run at all."""
