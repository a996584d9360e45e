"""Cross-reference checks: an implementation that is called is compared with another one on copies of the arguments."""
