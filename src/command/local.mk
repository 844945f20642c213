# The snarl command.

bin_PROGRAMS += snarl

snarl_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir) -D_GNU_SOURCE -DPKGLIBDIR='"$(pkglibdir)"' \
	-DPKGDATADIR='"$(pkgdatadir)"'
snarl_CFLAGS = $(AM_CFLAGS) -pthread
snarl_SOURCES = \
	%D%/main.c \
	%D%/base/arguments.c %D%/base/arguments.h \
	%D%/base/command.h %D%/base/commands.def \
	%D%/base/help.c %D%/base/help.h \
	%D%/base/installed.c %D%/base/installed.h \
	%D%/base/message.c %D%/base/message.h \
	%D%/base/output.c %D%/base/output.h \
	%D%/base/results_file.c %D%/base/results_file.h \
	%D%/run/keep_plan.c %D%/run/keep_plan.h \
	%D%/run/launch.c %D%/run/launch.h \
	%D%/run/live.c %D%/run/live.h \
	%D%/run/library.c %D%/run/library.h \
	%D%/run/merge.c \
	%D%/run/order.c \
	%D%/run/plan.c \
	%D%/run/ps.c \
	%D%/run/processes.c %D%/run/processes.h \
	%D%/run/program.c %D%/run/program.h \
	%D%/run/report.c \
	%D%/run/run.c
snarl_LDADD = src/libinspect.a reports/libreports.a src/libverify.a src/libplan.a src/libcore.a -liberty

# Other libraries are opened when they are called.
snarl_SOURCES += \
	src/late/functions.def \
	src/late/late.c \
	src/late/x86_64.S

# Where the command finds it in the build tree.
noinst_DATA = runtimes.suppressions
CLEANFILES += runtimes.suppressions
runtimes.suppressions: reports/filter/runtimes.suppressions
	$(AM_V_GEN)cp $(srcdir)/reports/filter/runtimes.suppressions $@

# Scripts run against the detector: `snarl replay`.
snarl_SOURCES += \
	src/replay/replay.c src/replay/replay.h \
	src/replay/channels.c \
	src/replay/expect.c \
	src/replay/locks.c \
	src/replay/machine.c \
	src/replay/memory.c \
	src/replay/objects.c \
	src/replay/results.c \
	src/replay/threads.c \
	src/replay/waits.c \
	src/replay/script/build.h src/replay/script/events.def \
	src/replay/script/name_table.c src/replay/script/name_table.h \
	src/replay/script/script.c src/replay/script/script.h \
	src/replay/script/std.c \
	src/replay/script/text.c
