"""Statistical methods, each from its publication; they know arrays and tables, and no model."""
