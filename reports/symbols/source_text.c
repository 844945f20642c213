#include "reports/symbols/source_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define COLUMNS_MAX 160
#define FILE_BYTES_MAX (64l * 1024 * 1024)

const char *source_frame_path(struct pool *pool, const struct source_frame *frame)
{
	if (frame->file[0] == '/' || !frame->directory)
		return frame->file;
	return pool_format(pool, "%s/%s", frame->directory, frame->file);
}

/* By its path at compilation, else relative to the working directory. */
static FILE *open_source(struct pool *pool, const struct source_frame *frame, struct stat *status)
{
	const char *paths[2] = {source_frame_path(pool, frame), frame->file};

	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
		/* Look first: opening a FIFO would block. */
		if (stat(paths[i], status) == 0 && S_ISREG(status->st_mode) &&
		    status->st_size <= FILE_BYTES_MAX)
			return fopen(paths[i], "re");
	}
	return NULL;
}

/* Without indentation, line end and control characters. */
static const char *clean_line(struct pool *pool, const char *line)
{
	size_t length;
	char *text;

	line += strspn(line, " \t");
	length = strcspn(line, "\r\n");
	while (length && (line[length - 1] == ' ' || line[length - 1] == '\t'))
		length--;
	if (!length)
		return NULL;
	text = pool_copy(pool, line, length > COLUMNS_MAX ? COLUMNS_MAX : length);
	for (char *byte = text; *byte; byte++) {
		if (*byte == '\t')
			*byte = ' ';
		else if ((unsigned char)*byte < ' ' || *byte == 0x7f)
			*byte = '?';
	}
	return length > COLUMNS_MAX ? pool_format(pool, "%s...", text) : text;
}

bool source_file_is_newer(const struct source_file *file, const struct source_frame *frame)
{
	struct stat module;

	return frame->module_path && stat(frame->module_path, &module) == 0 &&
	       file->changed_at > module.st_mtime;
}

bool source_file_read(struct pool *pool, const struct source_frame *frame, struct source_file *file)
{
	struct stat status;
	FILE *stream = open_source(pool, frame, &status);
	char *text;

	*file = (struct source_file){0};
	if (!stream)
		return false;
	text = pool_alloc(pool, (size_t)status.st_size + 1);
	file->length = fread(text, 1, (size_t)status.st_size, stream);
	file->text = text;
	file->changed_at = status.st_mtime;
	fclose(stream);
	return true;
}

bool source_quote(struct pool *pool, const struct source_frame *frame, struct source_quote *quote)
{
	struct stat status;
	char *line = NULL;
	size_t room = 0;
	FILE *file;

	quote->text = NULL;
	if (!frame->file || !frame->line)
		return false;
	file = open_source(pool, frame, &status);
	if (!file)
		return false;
	for (unsigned number = 1; getline(&line, &room, file) >= 0; number++) {
		if (number != frame->line)
			continue;
		quote->text = clean_line(pool, line);
		quote->is_newer = source_file_is_newer(
			&(struct source_file){.changed_at = status.st_mtime}, frame);
		break;
	}
	free(line);
	fclose(file);
	return quote->text != NULL;
}
