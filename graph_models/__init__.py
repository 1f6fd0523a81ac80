"""What there is: records of the catalogue and of casework, and the stores that keep them."""
