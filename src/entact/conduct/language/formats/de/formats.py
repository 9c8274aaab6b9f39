"""`2. März 2026, 10:30`. A point stays a point: 37.5 on a page is what 37.5 is in the record."""

DATE_FORMAT = "j. N Y"
DATETIME_FORMAT = "j. N Y, H:i"
DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ""
NUMBER_GROUPING = 0
