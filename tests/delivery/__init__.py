"""What is delivered is built, carried over and used."""
