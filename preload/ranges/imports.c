#define _GNU_SOURCE
#include "preload/ranges/imports.h"

#include <dlfcn.h>
#include <sys/mman.h>

#include "base/kernel.h"
#include "preload/heap/operators.h"
#include "preload/ranges/links.h"
#include "preload/ranges/ranges.h"
#include "preload/ranges/strings.h"
#include "elf/image.h"

#define PAGE 4096ul

uintptr_t imports_pending_start;
size_t imports_pending_bytes;

/* The slots that are being redirected, and the page of theirs that is writable now: to
 * change that twice for each slot would be most of the work. */
struct redirection {
	const struct image *image;
	bool is_silent; /* its ranges are not recorded */
	uintptr_t page; /* 0: none */
};

static void close_page(struct redirection *redirection)
{
	if (redirection->page)
		kernel_call3(SYS_mprotect, redirection->page, PAGE, PROT_READ);
	redirection->page = 0;
}

static bool open_page(struct redirection *redirection, uintptr_t slot)
{
	uintptr_t page = slot & ~(PAGE - 1);

	if (!image_is_read_only(redirection->image, slot) || page == redirection->page)
		return true;
	close_page(redirection);
	if (kernel_call3(SYS_mprotect, page, PAGE, PROT_READ | PROT_WRITE) != 0)
		return false;
	redirection->page = page;
	return true;
}

static bool is_redirected(const struct redirection *redirection, const char *name)
{
	return operator_is_name(name) ||
	       (!redirection->is_silent &&
		(range_wrapper(name, NULL) || string_wrapper(name, NULL) ||
		 links_wrapper(name, NULL)));
}

static void *wrapper_of(const char *name, void *original)
{
	void *wrapper;

	if (operator_is_name(name))
		return operator_wrapper(name, original);
	wrapper = range_wrapper(name, original);
	if (!wrapper)
		wrapper = string_wrapper(name, original);
	return wrapper ? wrapper : links_wrapper(name, original);
}

/* A slot that is not bound yet holds an address in the module's own PLT. */
static void redirect_import(void *context, const char *name, uint64_t slot_address)
{
	struct redirection *redirection = context;
	const struct image *image = redirection->image;
	uintptr_t *slot = (uintptr_t *)slot_address;
	uintptr_t original;
	void *wrapper;

	if (!is_redirected(redirection, name))
		return;
	original = load_relaxed(slot); /* relaxed: any of its values is right */
	if (original - image->text_address < image->text_bytes)
		original = (uintptr_t)dlsym(RTLD_DEFAULT, name);
	wrapper = original ? wrapper_of(name, (void *)original) : NULL;
	/* A slot is one aligned word: other threads read the old address or the new one.
	 * release: range_originals[] was set before. */
	if (wrapper && open_page(redirection, slot_address))
		store_release(slot, (uintptr_t)wrapper);
}

void imports_redirect(struct clone_region *region)
{
	struct redirection redirection;
	uint32_t expected = 0;
	struct image image;
	const char *why;

	redirection = (struct redirection){.image = &image, .is_silent = region->is_silent};
	if (region->start && compare_exchange_acq_rel(&region->is_redirected, &expected, 1u) &&
	    image_from_memory(&image, "", region->headers, region->header_count, region->bias,
			      &why))
		image_each_import(&image, redirect_import, &redirection);
	close_page(&redirection);
}

void imports_await(const struct clone_region *region)
{
	uintptr_t start = imports_pending_start;
	uintptr_t end = start + imports_pending_bytes;

	if (imports_pending_bytes == 0 || region->module_start < start)
		start = region->module_start;
	if (region->module_end > end)
		end = region->module_end;
	/* relaxed: read by the module's own code, which runs after the loader's work. */
	store_relaxed(&imports_pending_start, start);
	store_relaxed(&imports_pending_bytes, end - start);
}

void imports_redirect_at(uintptr_t address)
{
	struct clone_region *region = clones_of_module(address);
	bool are_pending = false;

	if (region)
		imports_redirect(region);
	for (uint32_t i = 0; (region = clones_at(i)); i++)
		are_pending |= region->start && !load_relaxed(&region->is_redirected);
	if (!are_pending)
		store_relaxed(&imports_pending_bytes, 0ul);
}
