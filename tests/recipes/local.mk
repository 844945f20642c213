# The recipes of snarl-ci(7), with the tools that they are for.

SUITES += tests/recipes/run_recipes
dist_check_SCRIPTS += tests/recipes/run_recipes
EXTRA_DIST += tests/recipes/race.c
