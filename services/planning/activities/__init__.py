"""Activities: the works of a plan, with their costs, their sources of money and whom they serve."""
