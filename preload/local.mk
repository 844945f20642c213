# libsnarl.so: what is preloaded into the guest.

# What C++ exceptions pass through, with clean-ups to run.
noinst_LIBRARIES += preload/libthrown.a
preload_libthrown_a_CFLAGS = $(preload_libsnarl_so_CFLAGS) -fexceptions
preload_libthrown_a_SOURCES = preload/wrap_once.c

# What takes real numbers as arguments: these come in vector registers.
noinst_LIBRARIES += preload/libformatted.a
preload_libformatted_a_CFLAGS = $(GUEST_CFLAGS:-mgeneral-regs-only=) -fno-omit-frame-pointer
preload_libformatted_a_SOURCES = preload/ranges_formatted.c preload/wrap_formatted.c

preloaddir = $(libdir)/snarl
preload_PROGRAMS = preload/libsnarl.so

preload_libsnarl_so_CFLAGS = $(GUEST_CFLAGS) -fno-omit-frame-pointer \
	-DBINDIR='"$(bindir)"'
preload_libsnarl_so_LDFLAGS = -shared -Wl,-z,now -Wl,-z,nodelete -Wl,-Bsymbolic \
	-Wl,--exclude-libs,libcore.a:libplan.a -Wl,--no-undefined \
	-Wl,--version-script=$(srcdir)/preload/versions.map \
	-Wl,--whole-archive preload/libthrown.a -Wl,--no-whole-archive
preload_libsnarl_so_LDADD = preload/libformatted.a src/libplan.a src/libcore.a
EXTRA_DIST += preload/versions.map
preload_libsnarl_so_DEPENDENCIES = preload/versions.map preload/libthrown.a \
	preload/libformatted.a src/libcore.a src/libplan.a
preload_libsnarl_so_SOURCES = \
	%D%/access.S %D%/access.c %D%/access.h \
	%D%/access_context.h \
	%D%/access_deep.c \
	%D%/bare.c %D%/bare.h \
	%D%/bytes.c \
	%D%/block_facts.c %D%/block_facts.h \
	%D%/call_site.c %D%/call_site.h \
	%D%/child_program.c %D%/child_program.h \
	%D%/clone_frames.c %D%/clone_frames.h \
	%D%/clone_context.c %D%/clone_context.h \
	%D%/clones.c %D%/clones.h \
	%D%/debugger.c %D%/debugger.h \
	%D%/descriptor_identity.c %D%/descriptor_identity.h \
	%D%/descriptors.c %D%/descriptors.h \
	%D%/environment.c %D%/environment.h \
	%D%/export.h \
	%D%/function_names.c %D%/function_names.h \
	%D%/guest.c %D%/guest.h \
	%D%/imports.c %D%/imports.h \
	%D%/handlers.c %D%/handlers.h \
	%D%/heap.c %D%/heap.h \
	%D%/interpose.def \
	%D%/lock_memory.c %D%/lock_memory.h \
	%D%/modules.c %D%/modules.h \
	%D%/modules_needed.c %D%/modules_needed.h \
	%D%/modules_watched.c %D%/modules_watched.h \
	%D%/near.c %D%/near.h \
	%D%/outside.c %D%/outside.h \
	%D%/patch.c %D%/patch.h \
	%D%/perf_map.c %D%/perf_map.h \
	%D%/policy.c %D%/policy.h \
	%D%/races.c %D%/races.h \
	%D%/ranges.c %D%/ranges.def %D%/ranges.h \
	%D%/ranges_regular.c \
	%D%/ranges_tables.h \
	%D%/ranges_vectors.c \
	%D%/real.c %D%/real.h \
	%D%/rendezvous.c %D%/rendezvous.h \
	%D%/reporter.c %D%/reporter.h \
	%D%/room.c %D%/room.h \
	%D%/shared.c %D%/shared.h \
	%D%/shared_life.c %D%/shared_life.h \
	%D%/signal_entry.S %D%/signals.h \
	%D%/sink.c %D%/sink.h \
	%D%/sink_describe.c \
	%D%/sink_record.h \
	%D%/sink_room.c %D%/sink_room.h \
	%D%/sink_slots.c \
	src/unwind/stack_memo.c src/unwind/stack_memo.h \
	%D%/start.c \
	%D%/text.h %D%/transfers.def \
	%D%/thunk_context.c %D%/thunk_context.h \
	src/unwind/unwind.c src/unwind/unwind.h \
	src/unwind/unwind_bytes.h \
	src/unwind/unwind_cache.c src/unwind/unwind_cache.h \
	src/unwind/unwind_expression.c src/unwind/unwind_expression.h \
	src/unwind/unwind_frame.c src/unwind/unwind_frame.h \
	src/unwind/unwind_registers.c src/unwind/unwind_registers.h \
	src/unwind/unwind_rules.c src/unwind/unwind_rules.h \
	src/unwind/unwind_start.h \
	src/unwind/unwind_table.c src/unwind/unwind_table.h \
	%D%/wrap_barrier.c \
	%D%/wrap_c11.c \
	%D%/wrap_channel.c \
	%D%/wrap_clone.c \
	%D%/wrap_descriptor.c \
	%D%/wrap_exec.c %D%/wrap_exec.h \
	%D%/wrap_file.c \
	%D%/wrap_formatted.h \
	%D%/wrap_futex.c \
	%D%/wrap_loader.c \
	%D%/wrap_mapping.c \
	%D%/wrap_memory.c %D%/wrap_memory.h \
	%D%/wrap_process.c %D%/wrap_process.h \
	%D%/wrap_semaphore.c \
	%D%/wrap_signal.c \
	%D%/wrap_spawn.c \
	%D%/wrap_condition.c %D%/wrap_condition.h \
	%D%/wrap_lock.c %D%/wrap_lock.h \
	%D%/wrap_syscall.S \
	%D%/wrap_syscall.c %D%/wrap_syscall.h \
	%D%/wrap_thread.c %D%/wrap_thread.h
