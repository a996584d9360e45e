"""Who answers for the module names below a package: the one finder, and names that stand for modules elsewhere."""
