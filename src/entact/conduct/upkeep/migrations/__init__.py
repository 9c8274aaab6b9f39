"""Tables of the worker."""
