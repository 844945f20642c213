/*
 * A program that reads its own code, for a checksum, may find the jumps into clones
 * there.  With --skip-modules its code is unchanged.
 *
 * guest-run: read
 * guest-run: skip
 */
#include <elf.h>
#include <link.h>
#include <stdint.h>

#include "../guest.h"

static const unsigned char *text;
static unsigned char *filed; /* the same, as it is in the file */
static size_t text_bytes, changed_bytes;
static uint32_t sums[2];

static int find_text(struct dl_phdr_info *info, size_t size, void *offset)
{
	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X))
			continue;
		text = (const void *)(info->dlpi_addr + segment->p_vaddr);
		text_bytes = segment->p_filesz;
		*(off_t *)offset = (off_t)segment->p_offset;
	}
	return 1; /* the program is the first */
}

static void read_file(void)
{
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	off_t offset = 0;

	dl_iterate_phdr(find_text, &offset);
	CHECK(text_bytes > 0);
	filed = malloc(text_bytes);
	CHECK(filed != NULL);
	CHECK_IS(pread(file, filed, text_bytes, offset), text_bytes);
	close(file);
}

/* Adler's, byte by byte. */
static uint32_t find_checksum(const unsigned char *bytes, size_t count)
{
	uint32_t a = 1, b = 0;

	for (size_t i = 0; i < count; i++) {
		a = (a + bytes[i]) % 65521;
		b = (b + a) % 65521;
	}
	return b << 16 | a;
}

static void *sum_up(void *sum)
{
	*(uint32_t *)sum = find_checksum(text, text_bytes);
	return NULL;
}

/* By libc, and by the kernel. */
static void read_otherwise(void)
{
	unsigned char *copy = malloc(text_bytes);
	char name[] = "/tmp/snarl-guest-XXXXXX";
	int file = mkstemp(name);

	CHECK(copy != NULL && file >= 0);
	unlink(name);
	CHECK_IS(write(file, text, text_bytes), text_bytes);
	CHECK_IS(pread(file, copy, text_bytes, 0), text_bytes);
	CHECK_IS(memcmp(copy, text, text_bytes), 0);
	CHECK_IS(find_checksum(copy, text_bytes), sums[0]);
	memcpy(copy, text, text_bytes);
	CHECK_IS(find_checksum(copy, text_bytes), sums[0]);
	close(file);
	free(copy);
}

static void read_own(void)
{
	pthread_t threads[2];

	CHECK_IS(find_checksum(text, text_bytes), find_checksum(filed, text_bytes));
	for (int i = 0; i < 2; i++)
		threads[i] = guest_start(sum_up, &sums[i]);
	for (int i = 0; i < 2; i++)
		guest_join(threads[i]);
	CHECK_IS(sums[0], sums[1]);
	read_otherwise();
	for (size_t i = 0; i < text_bytes; i++)
		changed_bytes += text[i] != filed[i];
	/* Jumps, not all of it. */
	CHECK(changed_bytes < text_bytes / 2);
}

static int run_skipped(char **arguments)
{
	char settings[4096];
	const char *given = getenv("SNARL_OPTIONS");
	char last[] = "skipped";

	snprintf(settings, sizeof(settings), "%s skip-modules=*own_text", given ? given : "");
	CHECK_IS(setenv("SNARL_OPTIONS", settings, 1), 0);
	arguments[1] = last;
	execv("/proc/self/exe", arguments);
	return 1;
}

int main(int count, char **arguments)
{
	CHECK_IS(count, 2);
	if (!strcmp(arguments[1], "skip"))
		return run_skipped(arguments);
	read_file();
	read_own();
	if (!strcmp(arguments[1], "skipped"))
		CHECK_IS(changed_bytes, 0);
	return guest_passed();
}
