"""Many ledgers become tables: one row per subject and observation, as Polars frames."""
