"""How values are written on pages; settings name this package."""
