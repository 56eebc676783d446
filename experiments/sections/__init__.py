"""The sections of an experiment file beyond policies and seeds, a validated model each."""
