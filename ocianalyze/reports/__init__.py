"""What came of an analysis: the report, and the forms in which it is shown."""
