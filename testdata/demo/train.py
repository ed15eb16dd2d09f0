"""Train nothing: this file only stands where a user's file would be lost."""
