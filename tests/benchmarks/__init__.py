"""What a list, a read and a write cost, against the least they could cost. Run by `make bench`."""
