"""Images in registries: read over the network, verified while they stream, nothing copied to disk, nothing leaked."""
