"""The sizes of an image: as parts of a report, and as a report of their own (``ocianalyze size``)."""
