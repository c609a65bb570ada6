"""What runs on the executors: a partition's rows go into a pipeline of their worker."""
