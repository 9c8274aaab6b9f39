"""The short ways in which taking part ends, each with what follows said first."""
