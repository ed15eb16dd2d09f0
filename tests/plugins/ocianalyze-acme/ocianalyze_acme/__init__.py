"""What Acme demands of its images."""
