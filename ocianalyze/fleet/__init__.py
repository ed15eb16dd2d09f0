"""Many images at once: each distinct layer is read once, and what came of it lasts in one file."""
