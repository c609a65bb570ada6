"""The page that shows what Contentsquare would have received."""
