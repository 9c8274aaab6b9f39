"""Releases of the study: tried on the record, entered in it, and approved at its sites."""
