"""What is put on a proof (page, endorsement, seal) and what is found on it."""
