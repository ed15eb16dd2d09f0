"""Rules about the kernels that Studio finds and whether they can start."""
