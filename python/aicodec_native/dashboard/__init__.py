"""A ledger as pages: served while runs go on, or exported as a static site. Reads the ledger, never writes it."""
