"""Ledgers in PostgreSQL: append, read, verify."""
