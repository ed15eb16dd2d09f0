"""Rules about NVIDIA drivers and CUDA."""
