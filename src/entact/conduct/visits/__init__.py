"""Visits: what is to be done at each, what stands of it, and how it begins and ends."""
