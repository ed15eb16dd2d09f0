"""What is delivered: the wheelhouse, the zipapps and the image."""
