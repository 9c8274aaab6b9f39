"""Forms across participants: looked for, and verified, frozen or asked about in bulk."""
