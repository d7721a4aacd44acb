"""A made-up city at full size, for sizing machines and for measuring; `city.generate_city` makes it."""
