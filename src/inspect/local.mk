# libinspect.a: processes and core files looked at from outside, for `snarl ps`.
noinst_LIBRARIES += src/libinspect.a
src_libinspect_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir) -D_GNU_SOURCE
src_libinspect_a_CFLAGS = $(AM_CFLAGS) $(ELFUTILS_CFLAGS) $(UNWIND_CFLAGS)
src_libinspect_a_SOURCES = \
	%D%/inspect.c %D%/inspect.h \
	%D%/record.c %D%/record.h \
	%D%/record_verdict.c %D%/record_verdict.h \
	%D%/recorder.c %D%/recorder.h \
	%D%/base/memory.c %D%/base/module.c %D%/base/registers.c %D%/base/target.h \
	%D%/core/core.c %D%/core/core.h \
	%D%/core/core_memory.c %D%/core/core_memory.h \
	%D%/core/core_notes.c %D%/core/core_notes.h \
	%D%/observed/observed.c %D%/observed/observed.h \
	%D%/objects/barrier.c \
	%D%/objects/condition.c \
	%D%/objects/functions.c %D%/objects/functions.def %D%/objects/functions.h \
	%D%/objects/join.c \
	%D%/objects/mutex.c \
	%D%/objects/once.c \
	%D%/objects/rwlock.c \
	%D%/objects/semaphore.c \
	%D%/objects/wait.c %D%/objects/wait.h \
	%D%/objects/word.c \
	%D%/peers/descriptors.c %D%/peers/descriptors.h \
	%D%/peers/file_locks.c %D%/peers/file_locks.h \
	%D%/peers/holders.c %D%/peers/holders.h \
	%D%/peers/polled.c %D%/peers/polled.h \
	%D%/peers/sockets.c %D%/peers/sockets.h \
	%D%/python/python.c %D%/python/python.h \
	%D%/python/python_code.c %D%/python/python_code.h \
	%D%/python/python_layout.c %D%/python/python_layout.h %D%/python/layouts.def \
	%D%/process/maps.c %D%/process/maps.h \
	%D%/process/process.c %D%/process/process.h \
	%D%/process/procfs.c %D%/process/procfs.h \
	%D%/process/registers.c %D%/process/registers.h \
	%D%/process/thread_files.c %D%/process/thread_files.h \
	%D%/stack/unwind.c %D%/stack/unwind.h \
	%D%/waits/confirm.c %D%/waits/confirm.h \
	%D%/waits/look.c %D%/waits/look.h \
	%D%/waits/runtime.c %D%/waits/runtime.h \
	%D%/waits/watch.c %D%/waits/watch.h \
	%D%/waits/verdict.c %D%/waits/verdict.h
