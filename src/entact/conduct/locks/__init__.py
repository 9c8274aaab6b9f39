"""Freezing a visit, locking a participant and the study, and taking that back."""
