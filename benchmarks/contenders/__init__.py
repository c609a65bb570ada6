"""What is compared, each a program that reads Singer messages and gets a config file.

They are what their authors would write: none is slowed down, none is tuned for this.
"""
