"""What people came to know of the treatment that they were not to know."""
