/* The subcommands of `snarl`, and what they share. */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#include "base/types.h"

/* Exit statuses of snarl's own, as those of env(1). */
enum command_status {
	STATUS_FINE = 0,
	STATUS_FAILED = 125,	     /* snarl could not do its work */
	STATUS_NOT_EXECUTABLE = 126, /* PROGRAM cannot be executed */
	STATUS_NOT_FOUND = 127	     /* PROGRAM does not exist */
};

typedef int (*command_function)(int argc, char **argv);

struct command_row {
	const char *name;
	command_function function;
	uint32_t where; /* its options: enum option_where */
	const char *operands;
	const char *summary;
};

#define COMMAND(name, function, where, operands, summary) int function(int argc, char **argv);
#include "command/commands.def"
#undef COMMAND

/* All subcommands; the last row has no name. */
extern const struct command_row command_rows[];

/* NULL if there is no such subcommand. */
const struct command_row *command_find(const char *name);

/* Prints "snarl: ..." as one line on standard error; returns STATUS_FAILED. */
int command_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same as a note that changes no status. */
void command_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
