"""The study file as typed data: load, check, releases, rules, instruments and their scoring."""
