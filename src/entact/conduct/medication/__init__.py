"""Medicines of a participant with the calendar of the washout, and dictionaries of the user's own."""
