"""Where runs are kept: a folder of files that are whole or not there, and what reads it."""
