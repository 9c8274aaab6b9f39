"""The language of the pages: which one somebody reads, and how dates read in it."""
