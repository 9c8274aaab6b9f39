"""People: accounts, sign-in, and who asks for a page."""
