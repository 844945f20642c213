#include "preload/code/modules_watched.h"

#include <string.h>

#include "base/strings.h"
#include "preload/guest/guest.h"

/* The beginnings of file names, up to a dot, a dash or the end. */
static const char *const never[] = {
	"ld-linux-x86-64",
	"ld64",
	"libc",
	"ld",
	"libpthread",
	"libm",
	"libdl",
	"librt",
	"libmvec",
	"libutil",
	"libresolv",
	"libanl",
	"libthread_db",
	"linux-vdso",
	"libgcc_s",
	"libsnarl",
	"libZydis",
	"libZycore",
	"libunwind",
	"libjemalloc",
	"libtcmalloc",
	"libtcmalloc_minimal",
	"libmimalloc",
	"libsnmalloc",
	"librpmalloc",
	"libhoard",
	"libasan",
	"libtsan",
	"liblsan",
	"libubsan",
	"libhwasan",
	"libclang_rt",
	"libduma",
	"libefence",
};
#define PROGRAMS_NEVER 2u /* the first ones are valid for programs too */

/* System libraries that synchronise threads by plain moves, too. */
static const char *const synchronising[] = {
	"libgomp", "libomp", "libglib", "libtbb", "libuv", "libabsl_synchronization",
};

static const char *const system_folders[] = {
	"/lib/", "/usr/lib/", "/lib64/", "/usr/lib64/", "/lib32/", "/usr/lib32/", "/usr/libexec/"};

static bool is_among(const char *name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(list[i]);

		if (strncmp(name, list[i], length) == 0 && strchr(".-", name[length]))
			return true;
	}
	return false;
}

/* Does @pattern up to @end, with * and ?, match all of @text? */
static bool matches_pattern(const char *pattern, const char *end, const char *text)
{
	const char *after_star = NULL;
	const char *retry = text;

	while (*text) {
		if (pattern < end && *pattern == '*') {
			after_star = ++pattern;
			retry = text;
		} else if (pattern < end && (*pattern == '?' || *pattern == *text)) {
			pattern++;
			text++;
		} else if (after_star) {
			pattern = after_star;
			text = ++retry;
		} else {
			return false;
		}
	}
	while (pattern < end && *pattern == '*')
		pattern++;
	return pattern == end;
}

/* Does one of the @patterns, separated by commas, match @path or its file name? */
static bool is_matched(const char *patterns, const char *path)
{
	while (patterns && *patterns) {
		const char *comma = strchr(patterns, ',');
		const char *end = comma ? comma : patterns + strlen(patterns);

		if (matches_pattern(patterns, end, path) ||
		    matches_pattern(patterns, end, path_base_name(path)))
			return true;
		patterns = comma ? comma + 1 : end;
	}
	return false;
}

static bool is_of_system(const char *path)
{
	for (size_t i = 0; i < ARRAY_LENGTH(system_folders); i++)
		if (strncmp(path, system_folders[i], strlen(system_folders[i])) == 0)
			return true;
	return false;
}

enum watch modules_watched(const char *path, bool is_program)
{
	const char *name = path_base_name(path);

	if (is_matched(guest_options.skip_modules, path))
		return WATCH_NOT;
	/* A program may have any name but the loader's. */
	if (is_among(name, never, is_program ? PROGRAMS_NEVER : ARRAY_LENGTH(never)))
		return WATCH_NOT;
	if (is_program || !is_of_system(path) || is_matched(guest_options.modules, path))
		return WATCH_FULLY;
	if (is_among(name, synchronising, ARRAY_LENGTH(synchronising)))
		return WATCH_SYNCHRONISATION;
	return WATCH_ATOMICS;
}
