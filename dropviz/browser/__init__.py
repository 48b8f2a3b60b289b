"""Scripts that paint scenes in a browser, and what reads them."""
