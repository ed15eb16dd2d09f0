"""Who a registry is told that we are: credentials where people already have them, challenges, and token servers."""
