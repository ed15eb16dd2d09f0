"""What is handed to others: the wheelhouse, the zipapp, and the container image. See docs/air-gap.md."""
