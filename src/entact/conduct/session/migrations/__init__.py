"""The table of who is known."""
