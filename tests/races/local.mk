# Races and lost updates, seen in whole programs: a case or more for each row of
# RULES.md.  The runner builds them, at several levels of optimisation.

SUITES += tests/races/run_races
dist_check_SCRIPTS += tests/races/run_races
EXTRA_DIST += \
	tests/races/accessors.c \
	tests/races/hoisted_loads.c tests/races/moved_loads.c tests/races/picked_loads.c \
	tests/races/accessors_cxx.cc \
	tests/races/accessors_open.cc \
	tests/races/atomic_idioms.c \
	tests/races/before_atomics.c \
	tests/races/beside_atomics.c \
	tests/races/atomic_idioms_cxx.cc \
	tests/races/atomic_macros.c tests/races/atomic_operators_cxx.cc \
	tests/races/atomic_fortran.f90 tests/races/plain_fortran.f90 \
	tests/races/atomic_ends.c \
	tests/races/atomic_locks.c \
	tests/races/atomic_updates.c \
	tests/races/atomics.c \
	tests/races/cases.h \
	tests/races/fork_edges.c \
	tests/races/accessor_macros.h \
	tests/races/header_macros.c \
	tests/races/old_debug_info.c \
	tests/races/hot_reads.c tests/races/idle_atomics.c \
	tests/races/idioms.h tests/races/mixed_macros.c \
	tests/races/ignored_order.c \
	tests/races/items.h \
	tests/races/callbacks.c \
	tests/races/cells.c \
	tests/races/channel_edges.c \
	tests/races/columns.c \
	tests/races/crowds.c tests/races/early_rings.c \
	tests/races/cxx_cases.h \
	tests/races/cxx_edges.cc \
	tests/races/kernel_edges.c \
	tests/races/decisions.c \
	tests/races/library_names_cxx.cc \
	tests/races/links_cxx.cc \
	tests/races/lives.c \
	tests/races/lock_edges.c \
	tests/races/looked_up.c \
	tests/races/mapped_twice.c \
	tests/races/memory.c tests/races/namesakes.c \
	tests/races/owners_cxx.cc \
	tests/races/pasted_macros.c \
	tests/races/plain_idioms.c \
	tests/races/plain_idioms_cxx.cc tests/races/plain_places.c \
	tests/races/predicates.c \
	tests/races/predicates_cxx.cc \
	tests/races/posting.c \
	tests/races/publishing.c tests/races/recycled_atomics.c \
	tests/races/rust_edges.rs \
	tests/races/shuffles.c \
	tests/races/spans.c tests/races/split_turns.c \
	tests/races/split_updates.c \
	tests/races/split_vectors.c \
	tests/races/stacks.c \
	tests/races/strides.c tests/races/strings_cxx.cc \
	tests/races/structures.c \
	tests/races/tabled.c \
	tests/races/tables.h \
	tests/races/tokens.c \
	tests/races/transactions.c \
	tests/races/twins.c \
	tests/races/untabled.c \
	tests/races/updates.c \
	tests/races/vanished_functions.c \
	tests/races/volatile_beside.c tests/races/warm.h tests/races/wide.c
