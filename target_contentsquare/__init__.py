"""A Singer target that puts a company's own data on its Contentsquare sessions."""
