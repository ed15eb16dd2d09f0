"""Images in registries: read over the network, verified while they stream, with nothing copied to disk and nothing leaked."""
