src_libplan_a_SOURCES += \
	%D%/plan.c %D%/plan.h \
	%D%/plan_names.c %D%/plan_names.h \
	%D%/cache/digest.c %D%/cache/digest.h \
	%D%/cache/known_whole.c %D%/cache/known_whole.h \
	%D%/cache/plan_cache.c %D%/cache/plan_cache.h \
	%D%/cache/plan_file.c %D%/cache/plan_file.h \
	%D%/cache/plan_key.c %D%/cache/plan_key.h \
	%D%/decode/decode.c %D%/decode/decode.h \
	%D%/decode/access_shape.c %D%/decode/access_shape.h \
	%D%/decode/instruction.h \
	%D%/decode/linked.c \
	%D%/decode/locked.c %D%/decode/locked.h \
	%D%/decode/masked.c %D%/decode/masked.h \
	%D%/decode/memory.c \
	%D%/decode/operand.h \
	%D%/decode/pattern.c %D%/decode/pattern.h \
	%D%/decode/raw.h \
	%D%/decode/thunk.h \
	%D%/decode/vector.c %D%/decode/vector.h \
	%D%/survey/callees.c \
	%D%/survey/counted.c %D%/survey/counted.h \
	%D%/survey/classify.c %D%/survey/classify.h \
	%D%/survey/facts.c \
	%D%/survey/function.h \
	%D%/survey/ranges.c \
	%D%/survey/gaps.c \
	%D%/survey/jumps.c \
	%D%/survey/module.c %D%/survey/module.h \
	%D%/survey/origins.c %D%/survey/origins.h \
	%D%/survey/scratch.c %D%/survey/scratch.h \
	%D%/survey/site.h \
	%D%/survey/survey.c %D%/survey/survey.h \
	%D%/survey/targets.c \
	%D%/paths/dead_ends.c %D%/paths/dead_ends.h \
	%D%/paths/rounds.c %D%/paths/rounds.h \
	%D%/paths/splits.c %D%/paths/splits.h \
	%D%/flow/accessor_scan.h \
	%D%/flow/accessors.c %D%/flow/accessors.h \
	%D%/flow/accessor_branches.c \
	%D%/flow/accessors_used.c \
	%D%/flow/open_calls.c \
	%D%/checks/checks.c %D%/checks/checks.h \
	%D%/checks/placing.h %D%/checks/sharing.c \
	%D%/flow/flow.c %D%/flow/flow.h \
	%D%/liveness/liveness.c %D%/liveness/liveness.h \
	%D%/flow/places.c \
	%D%/liveness/lanes.c %D%/liveness/lanes.h \
	%D%/liveness/lanes.def \
	%D%/liveness/vector_use.c %D%/liveness/vector_use.h \
	%D%/liveness/constants.c %D%/liveness/constants.h \
	%D%/liveness/slots.c %D%/liveness/slots.h \
	%D%/liveness/loads.c %D%/liveness/loads.h \
	%D%/liveness/picks.c %D%/liveness/picks.h \
	%D%/liveness/returns.c \
	%D%/flow/sets.c \
	%D%/checks/update_groups.c %D%/checks/update_groups.h \
	%D%/checks/spins.c %D%/checks/spins.h \
	%D%/checks/waits.c %D%/checks/waits.h \
	%D%/checks/strides.c %D%/checks/strides.h \
	%D%/flow/walk.h \
	%D%/emit/check.c %D%/emit/check.h \
	%D%/emit/range.c %D%/emit/range.h \
	%D%/emit/group.c %D%/emit/group.h \
	%D%/emit/copy.c %D%/emit/copy.h \
	%D%/emit/emit.c %D%/emit/emit.h \
	%D%/emit/encode.c %D%/emit/encode.h \
	%D%/emit/patch_choice.h %D%/emit/patch_paths.c %D%/emit/patch_room.c \
	%D%/emit/patches.c %D%/emit/patches.h \
	%D%/emit/plan_data.h \
	%D%/emit/relocate.c \
	%D%/states/state.c %D%/states/state.h \
	%D%/states/state_pack.c

# What plans rest on, beside what is planned: the sources of the planner.  Kept plans of
# others are not used.
nodist_src_libplan_a_SOURCES = src/x86/cache/planner_id.h
BUILT_SOURCES += src/x86/cache/planner_id.h
CLEANFILES += src/x86/cache/planner_id.h
src/x86/cache/libplan_a-plan_key.$(OBJEXT): src/x86/cache/planner_id.h
src/x86/cache/planner_id.h: $(src_libplan_a_SOURCES) $(src_libcore_a_SOURCES)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && cat $^ | cksum | \
		$(AWK) '{ printf "#define PLANNER_ID \"%s-%s\"\n", $$1, $$2 }' >$@.new && mv $@.new $@

# libverify.a: the proof of clones, for `snarl plan --verify` alone.
noinst_LIBRARIES += src/libverify.a
src_libverify_a_SOURCES = \
	%D%/verify/symbolic.c %D%/verify/symbolic.h \
	%D%/verify/symbolic_code.h \
	%D%/verify/symbolic_compare.c \
	%D%/verify/symbolic_join.c \
	%D%/verify/symbolic_range.c \
	%D%/verify/symbolic_vector.c \
	%D%/verify/verify.c %D%/verify/verify.h \
	%D%/verify/checks.c %D%/verify/loops.c %D%/verify/parts.h
