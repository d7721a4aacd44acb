"""What a sentence is likely about. Pure: words in, categories with shares out; nothing here asks the database."""
