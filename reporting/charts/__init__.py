"""Charts as SVG, drawn on the server. Pure: no database."""
