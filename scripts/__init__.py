"""Scripts for developing this project; `make help` lists what runs them."""
