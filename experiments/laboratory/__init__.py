"""Single lives and single stories: the paradox, where reputation comes from, published models."""
