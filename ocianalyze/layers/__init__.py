"""One blob of a layer becomes one stream of entries, and that a changeset. The only code that reads untrusted tars."""
