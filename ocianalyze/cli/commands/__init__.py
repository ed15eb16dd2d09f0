"""The commands, one file each: its whole signature, and what it does with it."""
