"""How days and moments are written, where a language's own way is not the product's."""
