"""What comes back, and what people are told if it is not what was asked for."""
