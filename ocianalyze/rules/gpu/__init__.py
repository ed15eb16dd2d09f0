"""What of NVIDIA is in the image."""
