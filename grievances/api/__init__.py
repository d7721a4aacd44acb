"""The API's part on cases: list, read, file, act, and the lists they draw on."""
