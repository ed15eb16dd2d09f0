"""What is done for a fleet: layers are read and images are judged, each in any process, on any host."""
