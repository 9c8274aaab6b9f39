"""The audit trail: the ledgers read, filtered and given out as they are."""
