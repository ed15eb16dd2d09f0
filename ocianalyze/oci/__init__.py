"""The OCI image specification as values: nothing here does I/O."""
