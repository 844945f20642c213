# Manual pages.

dist_man_MANS += man/snarl.1 man/snarl-run.1 man/snarl-report.1 man/snarl-merge.1 man/snarl-order.1 man/snarl-replay.1 man/snarl-plan.1 man/snarl-ps.1 \
	man/snarl-events.5 man/snarl-json.5 man/snarl-suppressions.5 man/snarl-ci.7 man/snarl-samples.7 man/snarl-findings.7

# What --html shows, for README.md.
EXTRA_DIST += man/deadlock.png man/race.png
