"""What a person is told of trouble with Contentsquare."""
