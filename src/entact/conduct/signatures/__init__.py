"""Signatures under a form, a visit or all of a participant."""
