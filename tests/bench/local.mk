# make bench: what a lock operation, a start and a whole run cost, natively and
# under each tool.  Not part of `make check`: a time is information, never a
# verdict.  Options of the two scripts: BENCH_FLAGS, BENCH_PROGRAM_FLAGS (--quick,
# --only=..., --tools=...).

BENCH_FLAGS =
BENCH_PROGRAM_FLAGS =
bench_source_files = \
	tests/bench/call_chain.c \
	tests/bench/lock_bench.c \
	tests/bench/lock_workloads.c
bench_header_files = \
	tests/bench/call_chain.h \
	tests/bench/lock_workloads.h

EXTRA_PROGRAMS = \
	tests/bench/lock_bench \
	tests/bench/bench_lock_order \
	tests/bench/bench_unwind \
	tests/bench/scale \
	tests/bench/wait_bench \
	tests/bench/kernels/kernels \
	tests/bench/kernels/kernels_fixed
tests_bench_lock_bench_SOURCES = $(bench_source_files) $(bench_header_files)
# As Debian builds: optimised, with debug information, no frame pointers.
tests_bench_lock_bench_CFLAGS = $(AM_CFLAGS) -O2 -g -fomit-frame-pointer
tests_bench_lock_bench_LDADD = -lpthread

# Waits beside many others.
tests_bench_wait_bench_SOURCES = tests/bench/wait_bench.c
tests_bench_wait_bench_CFLAGS = $(AM_CFLAGS) -O2 -g
tests_bench_wait_bench_LDADD = -lpthread

# What may grow with threads, time and locks.
tests_bench_scale_SOURCES = tests/bench/scale.c
tests_bench_scale_CFLAGS = $(AM_CFLAGS) -O2 -g
tests_bench_scale_LDADD = -lpthread

# Parts of the lock path alone: a new edge, a stack.
tests_bench_bench_lock_order_SOURCES = tests/bench/bench_lock_order.c
tests_bench_bench_lock_order_LDADD = src/libcore.a

tests_bench_bench_unwind_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
tests_bench_bench_unwind_SOURCES = tests/bench/bench_unwind.c
tests_bench_bench_unwind_LDADD = src/libcore.a

# What observing memory costs.
kernel_source_files = \
	tests/bench/kernels/bodies.c \
	tests/bench/kernels/hash.c \
	tests/bench/kernels/kernel.c \
	tests/bench/kernels/matmul.c \
	tests/bench/kernels/scan.c \
	tests/bench/kernels/sort.c \
	tests/bench/kernels/stencil.c \
	tests/bench/kernels/tree.c
kernel_header_files = tests/bench/kernels/kernel.h
tests_bench_kernels_kernels_SOURCES = $(kernel_source_files) $(kernel_header_files)
tests_bench_kernels_kernels_CFLAGS = $(AM_CFLAGS) -O2 -g
tests_bench_kernels_kernels_LDADD = -lpthread
# At fixed addresses, to count what is executed by address.
tests_bench_kernels_kernels_fixed_SOURCES = $(kernel_source_files) $(kernel_header_files)
tests_bench_kernels_kernels_fixed_CFLAGS = $(AM_CFLAGS) -O2 -g -fno-pie
tests_bench_kernels_kernels_fixed_LDFLAGS = -no-pie
tests_bench_kernels_kernels_fixed_LDADD = -lpthread

# The other flavours have a compiler each, which need not be installed: what
# then stands in the .skipped file is shown in place of their figures.
BENCH_FLAVOURS = tests/bench/lock_bench_tsan_gcc tests/bench/lock_bench_tsan_clang \
	tests/bench/kernels/kernels_tsan_gcc tests/bench/kernels/kernels_tsan_clang \
	tests/bench/scale_tsan_gcc tests/bench/scale_tsan_clang
BENCH_TSAN_FLAGS = -std=gnu11 -O2 -g -fomit-frame-pointer -fsanitize=thread -pthread
BENCH_BUILD_TSAN = $(MKDIR_P) $(@D) && rm -f $@ $@.skipped && \
	{ $$compiler -D_GNU_SOURCE $(BENCH_TSAN_FLAGS) -o $@ \
		$(filter %.c,$^) 2>$@.skipped && rm -f $@.skipped || :; }

tests/bench/lock_bench_tsan_gcc: $(bench_source_files) $(bench_header_files)
	$(AM_V_GEN)compiler=gcc; $(BENCH_BUILD_TSAN)

tests/bench/lock_bench_tsan_clang: $(bench_source_files) $(bench_header_files)
	$(AM_V_GEN)compiler=clang; $(BENCH_BUILD_TSAN)

tests/bench/kernels/kernels_tsan_gcc: $(kernel_source_files) $(kernel_header_files)
	$(AM_V_GEN)compiler=gcc; $(BENCH_BUILD_TSAN)

tests/bench/kernels/kernels_tsan_clang: $(kernel_source_files) $(kernel_header_files)
	$(AM_V_GEN)compiler=clang; $(BENCH_BUILD_TSAN)

tests/bench/scale_tsan_gcc: tests/bench/scale.c
	$(AM_V_GEN)compiler=gcc; $(BENCH_BUILD_TSAN)

tests/bench/scale_tsan_clang: tests/bench/scale.c
	$(AM_V_GEN)compiler=clang; $(BENCH_BUILD_TSAN)

bench: all $(EXTRA_PROGRAMS) $(BENCH_FLAVOURS)
	$(srcdir)/tests/bench/run_bench --build-dir=. $(BENCH_FLAGS)
	@echo
	$(srcdir)/tests/bench/race_bench --build-dir=. $(BENCH_FLAGS)
	@echo
	$(srcdir)/tests/bench/scale_bench --build-dir=.
	@echo
	$(srcdir)/tests/bench/whole_programs --build-dir=. $(BENCH_PROGRAM_FLAGS)
	@echo
	tests/bench/bench_lock_order
	tests/bench/bench_unwind

.PHONY: bench

EXTRA_DIST += \
	tests/bench/bench_tools.py \
	tests/bench/perturb_bench \
	tests/bench/format_bench \
	tests/bench/race_bench \
	tests/bench/run_bench \
	tests/bench/scale_bench \
	tests/bench/whole_programs
CLEANFILES += \
	$(EXTRA_PROGRAMS) \
	$(BENCH_FLAVOURS) \
	$(BENCH_FLAVOURS:%=%.skipped)
