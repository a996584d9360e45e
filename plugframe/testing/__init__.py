"""For the tests of hosts and plugins: environments as data."""
