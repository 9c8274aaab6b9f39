"""Who gets what: the list, its seal, and the proof that a row is the one that was committed."""
