"""Files and environment in, one frozen and checked value out."""
