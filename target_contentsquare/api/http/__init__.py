"""HTTP: connections, deadlines, proxies and errors."""
