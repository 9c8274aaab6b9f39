"""Queries about what was entered: raised by a rule or a person, answered by the site, closed by who asked."""
