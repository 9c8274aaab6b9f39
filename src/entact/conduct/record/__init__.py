"""The record as the pages read and write it: the one door, and what is sealed in it."""
