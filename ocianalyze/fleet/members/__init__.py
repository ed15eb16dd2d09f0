"""From what a fleet is named by, such as a registry's repositories or SageMaker's domains, to its members."""
