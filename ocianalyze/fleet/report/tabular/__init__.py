"""One row for each image, for spreadsheets and data frames."""
