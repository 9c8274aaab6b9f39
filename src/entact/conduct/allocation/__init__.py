"""Emergency unblinding on a page: entered, asked for, and read by one browser alone."""
