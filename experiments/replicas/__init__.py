"""Published models of word of mouth, rebuilt on the parts of this one, to be held against their values."""
