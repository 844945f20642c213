# Process tests of the command, and of its help and manual.

dist_check_SCRIPTS += tests/command/run_command_tests tests/command/run_installed \
	tests/command/run_plan_cache tests/command/check_options.sh
SUITES += tests/command/run_command_tests tests/command/run_installed \
	tests/command/run_plan_cache tests/command/check_options.sh
EXTRA_DIST += \
	tests/command/both.c \
	tests/command/cache.cc \
	tests/command/containers.cc \
	tests/command/ended.c \
	tests/command/hidden.cc \
	tests/command/lacking.c \
	tests/command/node.cc \
	tests/command/counted.c \
	tests/command/crossed.c \
	tests/command/crowd.c \
	tests/command/fake_library.c \
	tests/command/fields.c \
	tests/command/methods.c \
	tests/command/fingered.c \
	tests/command/part_fingerprints.sh \
	tests/command/live.c \
	tests/command/part_live.sh \
	tests/command/flooded.c tests/command/part_flooded.sh \
	tests/command/killed.c tests/command/part_killed.sh \
	tests/command/lonely.c tests/command/part_lonely.sh \
	tests/command/part_merge.sh \
	tests/command/annotated.c tests/command/ignored.c tests/command/own_locks.c \
	tests/command/part_annotations.sh \
	tests/command/part_completion.sh \
	tests/command/part_copies.sh \
	tests/command/part_options.sh \
	tests/command/part_order.sh \
	tests/command/part_outputs.sh \
	tests/command/part_perturb.sh \
	tests/command/part_places.sh \
	tests/command/met.c tests/command/part_predict.sh \
	tests/command/part_processes.sh \
	tests/command/part_status.sh \
	tests/command/part_suppressions.sh \
	tests/command/part_targets.sh \
	tests/command/part_together.sh \
	tests/command/grown.c \
	tests/command/handled.c \
	tests/command/states.c \
	tests/command/stored.cc \
	tests/command/turns.c \
	tests/command/withdrawn.c
