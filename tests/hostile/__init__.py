"""Images that nobody made with good intentions, by the thousand; `docs/hostile-images.md` says how to run them."""
