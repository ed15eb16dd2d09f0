"""Where a fleet keeps what was read of layers, for all processes that need it."""
