"""Rules about what every image needs to run."""
