src_libplan_a_SOURCES += \
	%D%/checks.c %D%/checks.h \
	%D%/classify.c \
	%D%/decode.c %D%/decode.h \
	%D%/decode_linked.c \
	%D%/decode_memory.c %D%/decode_raw.h \
	%D%/emit.c %D%/emit.h \
	%D%/emit_check.c %D%/emit_check.h \
	%D%/encode.c %D%/encode.h \
	%D%/facts.c \
	%D%/flow.c %D%/flow.h \
	%D%/flow_places.c \
	%D%/flow_sets.c \
	%D%/flow_walk.h \
	%D%/function.h \
	%D%/gaps.c \
	%D%/instruction.h \
	%D%/jumps.c \
	%D%/liveness.c %D%/liveness.h \
	%D%/locked.c %D%/locked.h \
	%D%/masked.c %D%/masked.h \
	%D%/module.c %D%/module.h \
	%D%/operand.h \
	%D%/origins.c %D%/origins.h \
	%D%/patches.c %D%/patches.h \
	%D%/pattern.c %D%/pattern.h \
	%D%/plan.c %D%/plan.h \
	%D%/returns.c \
	%D%/scratch.c %D%/scratch.h \
	%D%/slices.c %D%/slices.h \
	%D%/spins.c %D%/spins.h \
	%D%/state.c %D%/state.h \
	%D%/state_pack.c \
	%D%/survey.c %D%/survey.h \
	%D%/targets.c \
	%D%/thunk.h \
	%D%/vector.c %D%/vector.h

# libverify.a: the proof of clones, for `snarl plan --verify` alone.
noinst_LIBRARIES += src/libverify.a
src_libverify_a_SOURCES = \
	%D%/symbolic.c %D%/symbolic.h \
	%D%/symbolic_vector.c \
	%D%/verify.c %D%/verify.h \
	%D%/verify_checks.c %D%/verify_parts.h
