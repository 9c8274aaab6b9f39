"""What can be said on the command line: a thin function each, which imports what does the work late."""
