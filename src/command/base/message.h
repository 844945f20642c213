/* The command's messages and exit statuses. */
#ifndef COMMAND_BASE_MESSAGE_H
#define COMMAND_BASE_MESSAGE_H

/* Exit statuses of the command itself, as those of env(1). */
enum command_status {
	STATUS_FINE = 0,
	STATUS_FAILED = 125,	     /* snarl could not do its work */
	STATUS_NOT_EXECUTABLE = 126, /* PROGRAM cannot be executed */
	STATUS_NOT_FOUND = 127	     /* PROGRAM does not exist */
};

/* Prints "snarl: ..." as one line on standard error; returns STATUS_FAILED. */
int command_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same as a warning: does not change the exit status. */
void command_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
