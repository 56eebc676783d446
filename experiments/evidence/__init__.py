"""What is known: the facts that the model was fitted to, those held out, and the known misfits."""
