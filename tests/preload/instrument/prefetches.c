/*
 * A thread asks ahead for what it accesses, what nobody may access, and what is no address:
 * nothing faults, no register changes, and what it reads is what was written.
 */
#include "../guest.h"

#include <stdint.h>
#include <sys/mman.h>

#define ROWS 4096
#define ROUNDS 40
#define AHEAD 16

struct row {
	unsigned char tags[16];
	uint32_t values[12];
} __attribute__((aligned(64)));

static struct row rows[ROWS];
static unsigned long asked;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static uint32_t row_of(uint32_t number)
{
	return number * 2654435761u >> 20;
}

/* What makes an access is copied; a check could spoil each of these registers, or the flags. */
static __attribute__((noinline)) uint64_t ask_for_anything(const char *at, uint64_t number)
{
	uint64_t result;

	asked++;
	__asm__ volatile("cmpq $7, %[number]\n\t"
			 "prefetcht0 (%[at],%[number])\n\t"
			 "prefetchw 5(%[at])\n\t"
			 "prefetchnta -1(%[number])\n\t"
			 "setb %b[result]\n\t"
			 "movzbl %b[result], %k[result]\n\t"
			 "addq %[number], %[result]\n\t"
			 "addq %[at], %[result]"
			 : [result] "=&a"(result)
			 : [at] "c"(at), [number] "d"(number)
			 : "cc");
	return result;
}

static void ask_for_what_is_not_there(void)
{
	static const uint64_t places[] = {
		0, 1, 0x7fffffffffff, 0x800000000000, 0x123456789abcdef0, UINT64_MAX,
		UINT64_MAX - 4095, 0xffff800000000000, 0x100000000000, 0x308100000000,
		0x5fffffffffff,
	};
	char *page = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(page != MAP_FAILED);
	for (int round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < sizeof(places) / sizeof(*places); i++) {
			uint64_t place = places[i];

			CHECK(ask_for_anything((const char *)place, i) == place + i + (i < 7));
			CHECK(ask_for_anything(NULL, place) == place + (place < 7));
		}
		CHECK(ask_for_anything(page + 4090, 3) == (uintptr_t)page + 4090 + 4);
	}
	CHECK_IS(munmap(page, 8192), 0);
}

/* A table of rows of which bytes are written in several epochs, as a compressor has. */
static void fill_rows(uint32_t from)
{
	for (uint32_t i = from; i < from + ROWS; i++) {
		struct row *row = &rows[row_of(i)];

		__builtin_prefetch(&rows[row_of(i + AHEAD)], 1);
		row->tags[i % 16] = (unsigned char)i;
		row->values[i % 12] = i;
		if (i % (ROWS / 4) == 0) {
			pthread_mutex_lock(&lock);
			pthread_mutex_unlock(&lock);
		}
	}
	for (uint32_t i = from + ROWS - 8; i < from + ROWS; i++)
		CHECK(rows[row_of(i)].values[i % 12] >= from);
}

static void *ask(void *argument)
{
	ask_for_what_is_not_there();
	for (uint32_t i = 0; i < ROUNDS; i++)
		fill_rows(i * 1021);
	ask_for_what_is_not_there();
	return argument;
}

int main(void)
{
	pthread_t thread;

	CHECK_IS(pthread_create(&thread, NULL, ask, NULL), 0);
	CHECK_IS(pthread_join(thread, NULL), 0);
	return guest_passed();
}
