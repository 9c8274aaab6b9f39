"""Taking somebody into screening: a ledger, a number and a site."""
