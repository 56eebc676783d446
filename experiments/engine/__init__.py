"""How runs are done: by threads, processes or a cluster, and how much that will take."""
