"""Neural engines on this machine. Their models are downloaded once, with `vivavoce pull`."""
