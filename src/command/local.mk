# The snarl command.

bin_PROGRAMS += snarl

snarl_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir) -D_GNU_SOURCE -DPKGLIBDIR='"$(pkglibdir)"'
snarl_CFLAGS = $(AM_CFLAGS)
snarl_SOURCES = \
	src/command/arguments.c src/command/arguments.h \
	src/command/command.h \
	src/command/commands.c src/command/commands.def \
	src/command/help.c src/command/help.h \
	src/command/launch.c src/command/launch.h \
	src/command/library.c src/command/library.h \
	src/command/main.c \
	src/command/output.c src/command/output.h \
	src/command/plan.c \
	src/command/processes.c src/command/processes.h \
	src/command/program.c src/command/program.h \
	src/replay/replay.c src/replay/replay.h \
	src/replay/replay_channels.c \
	src/replay/replay_expect.c \
	src/replay/replay_locks.c \
	src/replay/replay_machine.c \
	src/replay/replay_memory.c \
	src/replay/replay_objects.c \
	src/replay/replay_results.c \
	src/replay/replay_threads.c \
	src/replay/replay_waits.c \
	src/command/report.c \
	src/command/results_file.c src/command/results_file.h \
	src/command/run.c \
	src/elf/symbol_names.c src/elf/symbol_names.h
snarl_LDADD = reports/libreports.a src/libverify.a src/libplan.a src/libcore.a $(ELFUTILS_LIBS) -lZydis $(JANSSON_LIBS) -liberty
