#include "x86/cache/known_whole.h"

#include <fcntl.h>
#include <time.h>

#include "base/hash.h"
#include "base/kernel.h"
#include "x86/cache/digest.h"

#define SECOND_NS 1000000000u
#define BOOT_ID_BYTES 36

uint64_t known_whole_boot(void)
{
	char id[BOOT_ID_BYTES];
	struct digest digest;
	uint64_t words[2];
	long file = kernel_call4(SYS_openat, AT_FDCWD, "/proc/sys/kernel/random/boot_id",
				 O_RDONLY | O_CLOEXEC, 0);
	long length = file < 0 ? 0 : kernel_call3(SYS_read, file, id, sizeof(id));

	if (file >= 0)
		kernel_call1(SYS_close, file);
	if (length != sizeof(id))
		return 0;
	digest_begin(&digest);
	digest_add(&digest, id, sizeof(id));
	digest_end(&digest, words);
	return words[0] | 1;
}

static int64_t mark_of(uint64_t boot, const struct plan_key *key, uint64_t size_bytes,
		       int64_t seconds)
{
	uint64_t hash = hash_mix(boot ^ key->words[0]);

	hash = hash_mix(hash ^ key->words[1]);
	hash = hash_mix(hash ^ size_bytes);
	return (int64_t)(hash_mix(hash ^ (uint64_t)seconds) % SECOND_NS);
}

bool known_whole(uint64_t boot, const struct plan_key *key, const struct stat *status)
{
	return boot && status->st_mtim.tv_nsec == mark_of(boot, key, (uint64_t)status->st_size,
							  status->st_mtim.tv_sec);
}

void known_whole_note(uint64_t boot, const struct plan_key *key, int file, uint64_t size_bytes)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}};

	kernel_call2(SYS_clock_gettime, CLOCK_REALTIME, &times[1]);
	if (boot)
		times[1].tv_nsec = mark_of(boot, key, size_bytes, times[1].tv_sec);
	kernel_call4(SYS_utimensat, file, 0, times, 0);
}
