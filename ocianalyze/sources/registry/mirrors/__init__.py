"""Which mirrors a registry has: what options and settings say, and the files of podman and containerd."""
