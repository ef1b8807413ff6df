"""What adapters of hosted engines share."""
