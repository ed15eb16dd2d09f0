"""Which kernels Studio finds, and whether they can start."""
