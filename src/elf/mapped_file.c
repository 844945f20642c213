#include "elf/mapped_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/kernel.h"

int mapped_file_open(struct mapped_file *file, const char *path)
{
	long descriptor =
		kernel_call4(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
	struct stat status; /* the kernel's and glibc's are the same on x86-64 */
	long bytes = -1;

	*file = (struct mapped_file){NULL, 0};
	if (descriptor < 0)
		return (int)descriptor;
	if (kernel_call2(SYS_fstat, descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
	    status.st_size > 0)
		bytes = kernel_call6(SYS_mmap, 0, status.st_size, PROT_READ, MAP_PRIVATE,
				     descriptor, 0);
	kernel_call1(SYS_close, descriptor);
	if (bytes < 0 && bytes > -4096)
		return -ENOEXEC;
	*file = (struct mapped_file){(const unsigned char *)bytes, (size_t)status.st_size};
	return 0;
}

void mapped_file_close(struct mapped_file *file)
{
	if (file->bytes)
		kernel_call2(SYS_munmap, file->bytes, file->size_bytes);
	*file = (struct mapped_file){NULL, 0};
}
