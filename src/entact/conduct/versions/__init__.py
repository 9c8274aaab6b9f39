"""Versions of one entry: an id that arrived twice with other content, side by side, and which is followed."""
