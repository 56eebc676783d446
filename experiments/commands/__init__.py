"""The commands of `amends`, a module each; what they need they import when they run."""
