#include "preload/debugger/perf_map.h"

#include <fcntl.h>

#include "base/kernel.h"
#include "base/growing.h"
#include "preload/guest/text.h"
#include "x86/survey/function.h"

static void add_line(struct growing *lines, const struct clone_region *region,
		     const struct function *function, const char *name)
{
	char numbers[64];
	struct text text = text_begin(numbers, sizeof(numbers));

	text_add_hexadecimal(&text, region->start + function->clone_start);
	text_add(&text, " ");
	text_add_hexadecimal(&text, function->clone_end - function->clone_start);
	text_add(&text, " ");
	growing_put(lines, numbers, text.length);
	growing_put(lines, name, strlen(name));
	growing_put(lines, "\n", 1);
}

static long open_map(void)
{
	char path[64];
	struct text text = text_begin(path, sizeof(path));

	text_add(&text, "/tmp/perf-");
	text_add_number(&text, (uint64_t)kernel_call0(SYS_getpid));
	text_add(&text, ".map");
	/* O_NOFOLLOW: somebody may have put a link there. */
	return kernel_call4(SYS_openat, AT_FDCWD, path,
			    O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644);
}

static bool write_all(long file, const unsigned char *bytes, size_t count)
{
	while (count) {
		long written = kernel_call3(SYS_write, file, bytes, count);

		if (written <= 0 && written != -4 /* EINTR */)
			return false;
		if (written > 0) {
			bytes += written;
			count -= (size_t)written;
		}
	}
	return true;
}

bool perf_map_add(const struct clone_region *region, const struct plan *plan,
		  const struct function_names *names)
{
	char name[FUNCTION_NAME_BYTES];
	struct growing lines = {0};
	long file = open_map();
	bool is_written;

	if (file < 0)
		return false;
	for (uint32_t i = 0; i < plan->function_count; i++) {
		const struct function *function = &plan->functions[i];

		if (!function->clone_end)
			continue;
		function_name_write(names, i, region->text - region->bias + function->start, name);
		add_line(&lines, region, function, name);
	}
	is_written = !lines.failed && write_all(file, lines.bytes, lines.count);
	kernel_call1(SYS_close, file);
	growing_free(&lines);
	return is_written;
}
