"""Learning communities (KBK in a kelurahan, KBP in a city): where people keep learning together, with what came of it."""
