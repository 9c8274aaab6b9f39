"""Kits and what is accounted for: check characters, temperature logs, the balance of a site."""
