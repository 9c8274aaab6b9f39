"""What is on hold for everybody."""
