"""Names FastMCP keeps here."""
