"""Raters held to one standard: ratings rated again from the recording, certificates, and who drifts."""
