"""What tests are made of: images from plain data, a slow and obvious oracle, strategies, other people's tools."""
