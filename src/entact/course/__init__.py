"""One subject: entries by theme, the fold that makes a course of them, gates, findings and the ledger."""
