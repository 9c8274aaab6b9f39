"""How dates and numbers read, by language; numbers keep their point, as the record has them."""
