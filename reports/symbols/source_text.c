#include "reports/symbols/source_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "reports/model/utf8.h"

#define LINE_BYTES_MAX 1000
#define FILE_BYTES_MAX (64l * 1024 * 1024)

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

static void replace_tabs(char *text)
{
	for (; *text; text++)
		if (*text == '\t')
			*text = ' ';
}

/* Without indentation, line end and control characters.  @column of the line, from 1, is
 * found again at 'mark'; 0: not known. */
static void clean_line(struct pool *pool, const char *line, unsigned column,
		       struct source_quote *quote)
{
	size_t indent = strspn(line, " \t");
	size_t length = strcspn(line + indent, "\r\n");
	char *text;

	line += indent;
	while (length && (line[length - 1] == ' ' || line[length - 1] == '\t'))
		length--;
	if (!length)
		return;
	text = pool_copy(pool, line, length > LINE_BYTES_MAX ? LINE_BYTES_MAX : length);
	replace_tabs(text);
	quote->text = utf8_plain(pool, text);
	if (column > indent && column - indent <= strlen(text))
		quote->mark = (int)(column - indent) - 1;
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

	*quote = (struct source_quote){.mark = -1};
	if (!frame->file || !frame->line)
		return false;
	file = open_source(pool, frame, &status);
	if (!file)
		return false;
	for (unsigned number = 1; getline(&line, &room, file) >= 0; number++) {
		if (number != frame->line)
			continue;
		clean_line(pool, line, frame->column, quote);
		quote->is_newer = source_file_is_newer(
			&(struct source_file){.changed_at = status.st_mtime}, frame);
		break;
	}
	free(line);
	fclose(file);
	return quote->text != NULL;
}
