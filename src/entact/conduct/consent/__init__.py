"""Consent: what was agreed to, in which words, signed how and before whom; taken back by scope."""
