"""Notice boards: what everybody should know of a board, on one page."""
