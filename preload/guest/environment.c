#define _GNU_SOURCE
#include "preload/guest/environment.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/kernel.h"
#include "base/strings.h"
#include "preload/guest/room.h"

#define PRELOAD "LD_PRELOAD="
#define OPTIONS "SNARL_OPTIONS="
#define PATH_BYTES 4096u

static char library_path[PATH_BYTES];
static const char *library_name = ""; /* without its folder */
static const char *given_options;     /* those of this process, or NULL */
static const char *passed_options;    /* those that its children get */

/* A copy in our own pages: the program may overwrite its environment. */
static const char *keep_text(const char *text)
{
	size_t size = text ? strlen(text) + 1 : 0;
	char *copy = text ? pages_from_kernel((size + 4095) & ~(size_t)4095) : NULL;

	return copy ? memcpy(copy, text, size) : NULL;
}

/* An absolute path: the program may change its working directory. */
static void find_library(void)
{
	Dl_info self;
	size_t at = 0;
	size_t length;

	if (!dladdr((void *)(uintptr_t)find_library, &self) || !self.dli_fname)
		return;
	length = strlen(self.dli_fname);
	if (*self.dli_fname != '/') {
		long size = kernel_call2(SYS_getcwd, library_path, sizeof(library_path));

		if (size <= 0 || *library_path != '/')
			return;
		at = (size_t)size;
		library_path[at - 1] = '/';
	}
	if (at + length >= sizeof(library_path)) {
		library_path[0] = '\0';
		return;
	}
	memcpy(library_path + at, self.dli_fname, length + 1);
	library_name = strrchr(library_path, '/') + 1;
}

/* Before libc's constructor has run (.preinit_array) 'environ' is not set.  The
 * environment is then found at the end of the stack, where the kernel put it:
 * after the argument count, the arguments and a NULL. */
static char *const *find_environment(void)
{
	extern void *__libc_stack_end;
	const uintptr_t *start = __libc_stack_end;

	return environ ? environ : start ? (char *const *)(start + 1 + start[0] + 1) : NULL;
}

const char *environment_get(const char *name)
{
	char *const *variable = find_environment();
	size_t length = strlen(name);

	for (; variable && *variable; variable++)
		if (strncmp(*variable, name, length) == 0 && (*variable)[length] == '=')
			return *variable + length + 1;
	return NULL;
}

void environment_begin(void)
{
	find_library();
	given_options = keep_text(environment_get("SNARL_OPTIONS"));
	passed_options = given_options;
}

void environment_set_options(const char *options)
{
	passed_options = keep_text(options);
}

const char *environment_library(void)
{
	return library_path;
}

bool environment_is_executable(const char *path)
{
	struct stat status; /* the kernel's and glibc's are the same on x86-64 */

	return kernel_call4(SYS_newfstatat, AT_FDCWD, path, &status, 0) == 0 &&
	       S_ISREG(status.st_mode) && kernel_call3(SYS_faccessat, AT_FDCWD, path, X_OK) == 0;
}

/* Does this entry of LD_PRELOAD name our library, in any folder? */
static bool is_our_entry(const char *entry, size_t length)
{
	size_t name = strlen(library_name);

	return name > 0 && length >= name &&
	       memcmp(entry + length - name, library_name, name) == 0 &&
	       (length == name || entry[length - name - 1] == '/');
}

/* Copies the entries of @list that are not ours.  Returns the end of the copy.
 * *@has_ours: one of them was ours. */
static char *copy_others(char *to, const char *list, bool *has_ours)
{
	char *start = to;

	*has_ours = false;
	while (*list) {
		size_t length = strcspn(list, ": ");

		if (is_our_entry(list, length)) {
			*has_ours = true;
		} else if (length > 0) {
			if (to != start)
				*to++ = ':';
			memcpy(to, list, length);
			to += length;
		}
		list += length + (list[length] != '\0');
	}
	*to = '\0';
	return to;
}

static bool has_our_entry(const char *list)
{
	for (; *list; list += *list != '\0') {
		size_t length = strcspn(list, ": ");

		if (is_our_entry(list, length))
			return true;
		list += length;
	}
	return false;
}

/* What an environment has of our two variables. */
struct survey {
	size_t count;	     /* of all */
	const char *preload; /* values, NULL if not set */
	const char *options;
	bool is_preloaded;
	bool is_set_up; /* its options stay as they are */
};

static void survey_environment(char *const *environment, struct survey *survey)
{
	*survey = (struct survey){0};
	for (; environment && environment[survey->count]; survey->count++) {
		const char *variable = environment[survey->count];

		if (!survey->preload && string_has_prefix(variable, PRELOAD))
			survey->preload = variable + strlen(PRELOAD);
		if (!survey->options && string_has_prefix(variable, OPTIONS))
			survey->options = variable + strlen(OPTIONS);
	}
	survey->is_preloaded = survey->preload && has_our_entry(survey->preload);
	/* Options that are neither those that we pass nor those that we were given
	 * belong to another snarl, which the program starts. */
	if (!survey->options)
		survey->is_set_up = !passed_options;
	else
		survey->is_set_up = !passed_options ||
				    strcmp(survey->options, passed_options) == 0 ||
				    !given_options || strcmp(survey->options, given_options) != 0;
}

static bool is_complete(const struct survey *survey)
{
	return (survey->is_preloaded && survey->is_set_up) || !*library_path;
}

static char *write_text(char *to, const char *text)
{
	size_t length = strlen(text);

	memcpy(to, text, length + 1);
	return to + length;
}

/* "LD_PRELOAD=ours:theirs"; returns the end. */
static char *write_preload(char *to, const char *prefix, const char *others)
{
	bool has_ours;
	char *end;

	to = write_text(write_text(to, prefix), library_path);
	if (!others || !*others)
		return to;
	end = copy_others(to + 1, others, &has_ours);
	if (end == to + 1) {
		*to = '\0';
		return to;
	}
	*to = ':';
	return end;
}

static size_t text_bytes(const struct survey *survey)
{
	return sizeof(PRELOAD) + PATH_BYTES + (survey->preload ? strlen(survey->preload) : 0) + 2 +
	       sizeof(OPTIONS) + (passed_options ? strlen(passed_options) : 0) + 1;
}

static char *const *build_environment(char *const *environment, const struct survey *survey,
				      bool with_us)
{
	size_t list_bytes = (survey->count + 3) * sizeof(char *);
	char **list = room_take(ROOM_ENVIRONMENT, list_bytes + text_bytes(survey));
	char *text = (char *)list + list_bytes;
	bool keeps_options = with_us && survey->options && survey->is_set_up;
	bool has_ours;
	size_t count = 0;

	if (!list)
		return environment;
	for (size_t i = 0; i < survey->count; i++)
		if (!string_has_prefix(environment[i], PRELOAD) &&
		    (keeps_options || !string_has_prefix(environment[i], OPTIONS)))
			list[count++] = environment[i];
	list[count++] = text;
	if (with_us) {
		text = write_preload(text, PRELOAD, survey->preload) + 1;
		if (!keeps_options && passed_options) {
			list[count++] = text;
			write_text(write_text(text, OPTIONS), passed_options);
		}
	} else {
		char *value = write_text(text, PRELOAD);

		/* There was no entry but ours: leave the variable out. */
		if (copy_others(value, survey->preload ? survey->preload : "", &has_ours) == value)
			count--;
	}
	list[count] = NULL;
	return list;
}

char *const *environment_with_us(char *const *environment)
{
	struct survey survey;

	survey_environment(environment, &survey);
	return is_complete(&survey) ? environment : build_environment(environment, &survey, true);
}

char *const *environment_without_us(char *const *environment)
{
	struct survey survey;

	survey_environment(environment, &survey);
	if (!survey.is_preloaded && !survey.options)
		return environment;
	return build_environment(environment, &survey, false);
}

/* Writes @text quoted for a shell; a quote in it becomes '\''. */
static char *write_quoted(char *to, const char *text)
{
	*to++ = '\'';
	for (; *text; text++) {
		if (*text == '\'')
			to = write_text(to, "'\\''");
		else
			*to++ = *text;
	}
	*to++ = '\'';
	*to = '\0';
	return to;
}

const char *environment_for_shell(char *const *environment, const char *command)
{
	struct survey survey;
	char *line;
	char *to;
	char *preload;

	survey_environment(environment, &survey);
	if (is_complete(&survey))
		return command;
	/* A quoted quote takes four bytes. */
	line = room_take(ROOM_ARGUMENTS, 5 * text_bytes(&survey) + strlen(command) + 128);
	if (!line)
		return command;
	preload = line + 4 * text_bytes(&survey) + strlen(command) + 128;
	write_preload(preload, "", survey.preload);
	to = write_quoted(write_text(line, "export " PRELOAD), preload);
	if (!survey.is_set_up)
		to = write_quoted(write_text(to, " " OPTIONS), passed_options);
	write_text(write_text(to, "; "), command);
	return line;
}
