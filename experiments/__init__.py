"""What to run and what to conclude: experiments, their statistics and the command line."""
