"""Django's PostgreSQL engine, which finds its server itself."""
