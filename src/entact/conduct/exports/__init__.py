"""What leaves the record as files: labelled tables with their dictionary."""
