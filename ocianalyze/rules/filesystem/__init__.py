"""Where files must not be, or will not be seen."""
