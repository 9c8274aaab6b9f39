"""Raters apart from the sites: assessments under a token, and what a rater tells the site, one way."""
