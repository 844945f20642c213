# libcore.a: the detector and what stands below it.  It runs in the guest's
# process as well as in the command, so it is position independent, hides its
# symbols and follows the guest's rules (no malloc, no stdio, no exit).  Checks of
# memory accesses interrupt code that uses vector registers: ours use none.

GUEST_CFLAGS = $(AM_CFLAGS) $(SNARL_GUEST_WARNINGS) -fPIC -fvisibility=hidden \
	-ftls-model=initial-exec -fno-semantic-interposition \
	-fasynchronous-unwind-tables -mgeneral-regs-only

noinst_LIBRARIES += src/libcore.a
src_libcore_a_CFLAGS = $(GUEST_CFLAGS)
src_libcore_a_SOURCES =

include src/base/local.mk
include src/elf/local.mk
include src/unwind/local.mk
include src/finding/local.mk
include src/options/local.mk
include src/detect/local.mk

# libplan.a: plans of cloned code, for the guest library and `snarl plan`.
noinst_LIBRARIES += src/libplan.a
src_libplan_a_CFLAGS = $(GUEST_CFLAGS) -Isrc
src_libplan_a_SOURCES =

include src/x86/local.mk
include src/inspect/local.mk
