# libsnarl.so: what is preloaded into the guest.

# What C++ exceptions pass through, with clean-ups to run.
noinst_LIBRARIES += preload/libthrown.a
preload_libthrown_a_CFLAGS = $(preload_libsnarl_so_CFLAGS) -fexceptions
preload_libthrown_a_SOURCES = preload/sync/wrap_once.c

# What takes real numbers as arguments: these come in vector registers.
noinst_LIBRARIES += preload/libformatted.a
preload_libformatted_a_CFLAGS = $(GUEST_CFLAGS:-mgeneral-regs-only=) -fno-omit-frame-pointer
preload_libformatted_a_SOURCES = preload/ranges/formatted.c preload/channels/wrap_formatted.c

preloaddir = $(libdir)/snarl
preload_PROGRAMS = preload/libsnarl.so

preload_libsnarl_so_CFLAGS = $(GUEST_CFLAGS) -fno-omit-frame-pointer \
	-DBINDIR='"$(bindir)"'
preload_libsnarl_so_LDFLAGS = -shared -Wl,-z,now -Wl,-z,nodelete -Wl,-Bsymbolic \
	-Wl,--exclude-libs,libcore.a:libplan.a -Wl,--no-undefined \
	-Wl,--version-script=$(srcdir)/preload/versions.map \
	-Wl,--whole-archive preload/libthrown.a preload/libformatted.a -Wl,--no-whole-archive
preload_libsnarl_so_LDADD = src/libplan.a src/libcore.a
EXTRA_DIST += preload/versions.map
preload_libsnarl_so_DEPENDENCIES = preload/versions.map preload/libthrown.a \
	preload/libformatted.a src/libcore.a src/libplan.a
preload_libsnarl_so_SOURCES = \
	%D%/guest/access_context.h \
	%D%/guest/access_words.c %D%/guest/access_words.h \
	%D%/guest/bytes.c \
	%D%/guest/environment.c %D%/guest/environment.h \
	%D%/guest/export.h \
	%D%/guest/guest.c %D%/guest/guest.h \
	%D%/guest/modules.c %D%/guest/modules.h \
	%D%/guest/perturb.c %D%/guest/perturb.h \
	%D%/guest/process_id.c %D%/guest/process_id.h \
	%D%/guest/real.c %D%/guest/real.h \
	%D%/guest/room.c %D%/guest/room.h \
	%D%/guest/text.h \
	%D%/outside/lock_memory.c %D%/outside/lock_memory.h \
	%D%/outside/number.c %D%/outside/number.h \
	%D%/outside/outside.c %D%/outside/outside.h \
	%D%/outside/shared_homes.c %D%/outside/shared_homes.h \
	%D%/outside/twins.c %D%/outside/twins.h \
	%D%/outside/shared_life.c %D%/outside/shared_life.h \
	%D%/code/call_site.c %D%/code/call_site.h \
	%D%/code/clones.c %D%/code/clones.h \
	%D%/code/copies.c %D%/code/copies.h \
	%D%/code/modules_needed.c %D%/code/modules_needed.h \
	%D%/code/modules_watched.c %D%/code/modules_watched.h \
	%D%/code/jump.h \
	%D%/code/near.c %D%/code/near.h \
	%D%/results/bare.c %D%/results/bare.h \
	%D%/results/reporter.c %D%/results/reporter.h \
	%D%/results/shared.c %D%/results/shared.h \
	%D%/results/sink.c %D%/results/sink.h \
	%D%/results/sink_describe.c \
	%D%/results/timeline.c %D%/results/timeline.h \
	%D%/results/sink_record.h \
	%D%/results/sink_room.c %D%/results/sink_room.h \
	%D%/results/sink_slots.c \
	%D%/heap/block_facts.c %D%/heap/block_facts.h \
	%D%/heap/heap.c %D%/heap/heap.h \
	%D%/heap/reserved.c %D%/heap/reserved.h \
	%D%/heap/wrap_mapping.c \
	%D%/heap/operators.c %D%/heap/operators.h \
	%D%/heap/wrap_memory.c %D%/heap/wrap_memory.h \
	%D%/ranges/imports.c %D%/ranges/imports.h \
	%D%/ranges/ranges.c %D%/ranges/ranges.def %D%/ranges/ranges.h \
	%D%/ranges/regular.c \
	%D%/ranges/states.c %D%/ranges/states.def %D%/ranges/states.h \
	%D%/ranges/links.c %D%/ranges/links.h \
	%D%/ranges/strings.c %D%/ranges/strings.def %D%/ranges/strings.h \
	%D%/ranges/tables.h \
	%D%/ranges/vectors.c \
	%D%/channels/descriptor_identity.c %D%/channels/descriptor_identity.h \
	%D%/channels/descriptors.c %D%/channels/descriptors.h \
	%D%/channels/signal_channels.c %D%/channels/signal_channels.h \
	%D%/channels/inner_ends.c %D%/channels/inner_ends.h \
	%D%/channels/transfers.def \
	%D%/channels/wrap_aio.c \
	%D%/channels/wrap_channel.c \
	%D%/channels/wrap_descriptor.c \
	%D%/channels/wrap_ring.c \
	%D%/channels/wrap_system_v.c \
	%D%/arch/arch.h \
	%D%/arch/x86_64/access/access.S \
	%D%/arch/x86_64/access/cell_thunk.inc \
	%D%/arch/x86_64/access/elements.c \
	%D%/arch/x86_64/access/line_thunk.inc \
	%D%/arch/x86_64/access/on_stack.S \
	%D%/arch/x86_64/access/part_thunk.inc \
	%D%/arch/x86_64/access/prefetch_thunk.inc \
	%D%/arch/x86_64/access/record_thunk.inc \
	%D%/arch/x86_64/access/span_thunk.inc \
	%D%/arch/x86_64/access/thunk_context.c \
	%D%/arch/x86_64/access/thunk_frame.inc \
	%D%/arch/x86_64/access/vector_state.c \
	%D%/arch/x86_64/access/whole_thunk.inc \
	%D%/arch/x86_64/access/wide_thunk.inc \
	%D%/arch/x86_64/code/jump.c \
	%D%/arch/x86_64/frame.h \
	%D%/arch/x86_64/guest/look_up.S \
	%D%/arch/x86_64/signals/clone_context.c \
	%D%/arch/x86_64/signals/signal_entry.S \
	%D%/arch/x86_64/sync/wrap_syscall.S \
	%D%/access/access.c %D%/access/access.h \
	%D%/access/deep.c \
	%D%/access/range.c \
	%D%/access/thunk_access.h \
	%D%/access/thunk_context.h \
	%D%/access/vector_state.h \
	%D%/signals/clone_context.h \
	%D%/signals/handlers.c %D%/signals/handlers.h \
	%D%/signals/put_off.c %D%/signals/put_off.h \
	%D%/signals/signals.h \
	%D%/signals/wrap_signal.c \
	%D%/confinement/confinement.c %D%/confinement/confinement.h \
	%D%/confinement/filter.c %D%/confinement/filter.h \
	%D%/confinement/wrap_prctl.c \
	%D%/debugger/clone_frames.c %D%/debugger/clone_frames.h \
	%D%/debugger/debugger.c %D%/debugger/debugger.h \
	%D%/debugger/function_names.c %D%/debugger/function_names.h \
	%D%/debugger/perf_map.c %D%/debugger/perf_map.h \
	%D%/instrument/kept_plans.c %D%/instrument/kept_plans.h \
	%D%/instrument/patch.c %D%/instrument/patch.h \
	%D%/instrument/planned_sites.c %D%/instrument/planned_sites.h \
	%D%/instrument/races.c %D%/instrument/races.h \
	%D%/instrument/rendezvous.c %D%/instrument/rendezvous.h \
	%D%/instrument/wrap_loader.c \
	%D%/process/children.h \
	%D%/process/observation.c %D%/process/observation.h \
	%D%/process/parts.def \
	%D%/process/policy.c %D%/process/policy.h \
	%D%/process/start.c \
	%D%/process/wrap_clone.c \
	%D%/process/wrap_process.c %D%/process/wrap_process.h \
	%D%/process/wrap_wait.c \
	%D%/exec/child_program.c %D%/exec/child_program.h \
	%D%/exec/wrap_exec.c %D%/exec/wrap_exec.h \
	%D%/exec/wrap_spawn.c \
	%D%/sync/interpose.def \
	%D%/sync/lock_memo.c %D%/sync/lock_memo.h \
	%D%/outside/lock_names.c %D%/outside/lock_names.h \
	%D%/annotations/wrap_order.c \
	%D%/annotations/wrap_own_lock.c \
	%D%/sync/wrap_barrier.c \
	%D%/sync/wrap_c11.c \
	%D%/sync/wrap_condition.c %D%/sync/wrap_condition.h \
	%D%/sync/wrap_file.c \
	%D%/sync/wrap_futex.c \
	%D%/sync/inputs.def \
	%D%/sync/wrap_input.c \
	%D%/sync/wrap_regular.c \
	%D%/sync/wrap_lock.c %D%/sync/wrap_lock.h \
	%D%/sync/wrap_semaphore.c \
	%D%/sync/wrap_syscall.c %D%/sync/wrap_syscall.h \
	%D%/sync/wrap_thread.c %D%/sync/wrap_thread.h

# What assembly knows of C: offsets.c is compiled to assembly, for the numbers in it.
OFFSETS = preload/arch/x86_64/offsets
EXTRA_DIST += $(OFFSETS).c $(OFFSETS).def
CLEANFILES += $(OFFSETS).d $(OFFSETS).h $(OFFSETS).s
$(OFFSETS).s: $(srcdir)/$(OFFSETS).c
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	$(COMPILE) -fno-lto -MMD -MP -MF $(OFFSETS).d -MT $@ -S -o $@ $(srcdir)/$(OFFSETS).c
$(OFFSETS).h: $(OFFSETS).s
	$(AM_V_GEN)$(SED) -n 's/.*"->\([A-Z0-9_]*\) \(-*[0-9]*\)".*/#define \1 \2/p' $(OFFSETS).s >$@.new && \
	mv $@.new $@
$(preload_libsnarl_so_OBJECTS): | $(OFFSETS).h
-include $(OFFSETS).d
