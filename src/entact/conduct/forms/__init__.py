"""Forms of the study file in the browser: shown, filled in, kept, shown again and corrected."""
