"""Where an image's bytes come from. `open_image` is the way in."""
