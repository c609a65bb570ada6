"""The integration schema to register, from the streams and their rows."""
