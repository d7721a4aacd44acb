"""Measurements at a city's size; see docs/benchmarks.md. Not part of the product."""
