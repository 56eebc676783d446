"""Questions asked of many runs, each with its answer in words and its folder of results."""
