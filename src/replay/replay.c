/* snarl replay: feeds event scripts and traces to the detector. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command/base/arguments.h"
#include "command/base/message.h"
#include "command/base/output.h"
#include "replay/replay.h"
#include "command/base/results_file.h"

#define STANDARD_INPUT_NAME "(standard input)"
#define STATUS_NOT_AS_EXPECTED 1

/* All of @file, allocated; NULL and errno on failure. */
static char *read_stream(FILE *file, size_t *length_bytes)
{
	size_t capacity = 65536;
	char *text = malloc(capacity);
	size_t got;

	*length_bytes = 0;
	while (text && (got = fread(text + *length_bytes, 1, capacity - *length_bytes, file)) > 0) {
		char *more = text;

		*length_bytes += got;
		if (*length_bytes == capacity)
			more = realloc(text, capacity *= 2);
		if (!more)
			free(text);
		text = more;
	}
	if (text && ferror(file)) {
		free(text);
		return NULL;
	}
	return text;
}

static char *read_script(const char *path, size_t *length_bytes)
{
	struct stat status;
	FILE *file;
	char *text;
	int problem;

	if (strcmp(path, "-") == 0)
		return read_stream(stdin, length_bytes);
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
		errno = EISDIR;
		return NULL;
	}
	file = fopen(path, "re");
	if (!file)
		return NULL;
	text = read_stream(file, length_bytes);
	problem = errno;
	(void)fclose(file);
	errno = problem;
	return text;
}

static int fail_at(const struct replay *replay)
{
	if (replay->error_line)
		return command_fail("%s:%u: %s", replay->path, replay->error_line, replay->error);
	return command_fail("%s: %s", replay->path, replay->error);
}

/* Replays one file into @image.  STATUS_FINE, or another status after a message. */
static int replay_file(const char *path, void *image, const struct options *options)
{
	struct replay *replay = calloc(1, sizeof(*replay));
	size_t length_bytes;
	char *text = read_script(path, &length_bytes);
	int status = STATUS_FINE;

	if (!replay || !text) {
		free(replay);
		free(text);
		return command_fail("cannot read %s: %s", path, strerror(errno));
	}
	replay->image = image;
	if (strcmp(path, "-") == 0)
		path = STANDARD_INPUT_NAME;
	if (!replay_prepare(replay, path, text, length_bytes, options_predict_races(options),
			    pages_from_kernel))
		status = fail_at(replay);
	free(text);
	if (status == STATUS_FINE) {
		replay_results_begin(replay);
		if (!replay_run(replay))
			status = fail_at(replay);
		replay_results_end(replay);
	}
	if (status == STATUS_FINE && options->expect && !replay_meets_expectations(replay))
		status = STATUS_NOT_AS_EXPECTED;
	replay_dispose(replay);
	return status;
}

static int replay_all(const struct options *options, char **paths, struct results_file *results)
{
	int status = STATUS_FINE;

	for (; *paths && status != STATUS_FAILED; paths++) {
		int one = replay_file(*paths, results->image, options);

		if (one != STATUS_FINE)
			status = one;
	}
	return status;
}

int command_replay(const struct command_row *self, int argc, char **argv)
{
	static struct options options;
	struct results_file results;
	const char *files[1];
	struct output_task task = {.options = &options, .files = files, .file_count = 1};
	int operand;
	int status;

	options_init(&options);
	status = arguments_read(self, &options, argc, argv, &operand);
	if (status != ARGUMENTS_READ)
		return status;
	if (output_check(&options) || results_file_create(&results, options.save, false, false))
		return STATUS_FAILED;
	results_file_hide(&results);
	status = replay_all(&options, argv + operand, &results);
	files[0] = results.path;
	task.program = strcmp(argv[operand], "-") == 0 ? STANDARD_INPUT_NAME : argv[operand];
	if (status == STATUS_FINE && !options.expect)
		status = output_write(&task);
	results_file_finish(&results, false);
	return status;
}
