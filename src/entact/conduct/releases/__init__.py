"""Releases before they are entered: whom one would touch, tried on the record and written nowhere."""
