"""What persons sign: keys, cuts of the data, erasures. Read in order of arrival, not of claimed time."""
