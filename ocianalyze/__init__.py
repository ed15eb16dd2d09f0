"""Static analysis of OCI images for Amazon SageMaker Studio, without a container runtime."""

__version__ = "0.1.0"
