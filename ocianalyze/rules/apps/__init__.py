"""How the image is started, and on which port."""
