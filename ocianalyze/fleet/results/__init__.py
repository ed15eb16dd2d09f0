"""What came of a fleet, in one SQLite file that outlives interruptions."""
