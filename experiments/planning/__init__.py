"""What is to be run: the experiment file put together, its design, and every run it asks for."""
