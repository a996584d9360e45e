"""What every callable surface shares: a call's steps become one generated function, as fast as one written by hand."""
