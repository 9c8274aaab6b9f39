"""Frames become estimates; a library in its own right, usable on anyone's data."""
