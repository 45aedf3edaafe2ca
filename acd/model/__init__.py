"""What distribution knows, folded from the journal: rules, waiting calls, positions, who could serve whom."""
