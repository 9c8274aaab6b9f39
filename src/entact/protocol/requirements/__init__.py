"""Lists of requirements, and whether a study file meets them: what a review criticised, what guidance asks.

A list is data beside this file: items with a rule over the study file, or the question that a person has to
judge. `entact.protocol.requirements.compare.compare` answers each item.
"""
