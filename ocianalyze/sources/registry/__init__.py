"""Images in registries: read over the network, verified while they stream, with nothing written and nothing leaked."""
