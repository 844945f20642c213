#include "preload/debugger/debugger.h"

#include <elf.h>

#include "base/arch/arch.h"
#include "base/growing.h"
#include "preload/debugger/clone_frames.h"
#include "x86/survey/function.h"

struct jit_code_entry {
	struct jit_code_entry *next, *previous;
	const void *object;
	uint64_t object_bytes;
};

enum jit_action { JIT_NOTHING, JIT_REGISTER, JIT_UNREGISTER };

struct jit_descriptor {
	uint32_t version;
	uint32_t action; /* enum jit_action */
	struct jit_code_entry *relevant, *first;
};

#define FOR_DEBUGGERS __attribute__((used, visibility("hidden")))

void __jit_debug_register_code(void);
extern struct jit_descriptor __jit_debug_descriptor;

struct jit_descriptor __jit_debug_descriptor FOR_DEBUGGERS = {.version = 1};

/* A debugger stops here and reads the descriptor. */
FOR_DEBUGGERS __attribute__((noinline)) void __jit_debug_register_code(void)
{
	__asm__ volatile("" : : "r"(&__jit_debug_descriptor) : "memory");
}

static void tell_debugger(enum jit_action action, struct jit_code_entry *entry)
{
	__jit_debug_descriptor.relevant = entry;
	__jit_debug_descriptor.action = action;
	__jit_debug_register_code();
	__jit_debug_descriptor.action = JIT_NOTHING;
}

enum section {
	SECTION_NONE,
	SECTION_TEXT,
	SECTION_FRAMES,
	SECTION_NAMES,
	SECTION_STRINGS,
	SECTION_SYMBOLS,
	SECTION_COUNT
};

static const char section_names[] = "\0.text\0.eh_frame\0.shstrtab\0.strtab\0.symtab";
static const uint32_t section_name_at[SECTION_COUNT] = {0, 1, 7, 17, 27, 35};

/* The beginning of the block. */
struct object {
	struct jit_code_entry entry;
	uintptr_t clones; /* where they begin */
	size_t room_bytes;
	Elf64_Ehdr header;
	Elf64_Shdr sections[SECTION_COUNT];
	char section_names[sizeof(section_names)];
};

/* From an offset in the block to one in the object file. */
static uint64_t file_offset(size_t block_offset)
{
	return block_offset - offsetof(struct object, header);
}

static void begin_sections(struct object *object, const struct clone_region *region)
{
	static const uint32_t types[SECTION_COUNT] = {SHT_NULL,	  SHT_NOBITS, SHT_PROGBITS,
						      SHT_STRTAB, SHT_STRTAB, SHT_SYMTAB};

	for (unsigned i = 0; i < SECTION_COUNT; i++) {
		object->sections[i].sh_name = section_name_at[i];
		object->sections[i].sh_type = types[i];
		object->sections[i].sh_addralign = i ? 1 : 0;
	}
	object->sections[SECTION_TEXT].sh_flags = SHF_ALLOC | SHF_EXECINSTR;
	object->sections[SECTION_TEXT].sh_addr = region->start;
	object->sections[SECTION_TEXT].sh_size = region->end - region->start;
	object->sections[SECTION_TEXT].sh_offset =
		file_offset(offsetof(struct object, section_names));
	object->sections[SECTION_FRAMES].sh_flags = SHF_ALLOC;
	object->sections[SECTION_NAMES].sh_offset =
		file_offset(offsetof(struct object, section_names));
	object->sections[SECTION_NAMES].sh_size = sizeof(section_names);
	object->sections[SECTION_SYMBOLS].sh_link = SECTION_STRINGS;
	object->sections[SECTION_SYMBOLS].sh_info = 1; /* the first that is not local */
	object->sections[SECTION_SYMBOLS].sh_entsize = sizeof(Elf64_Sym);
	memcpy(object->section_names, section_names, sizeof(section_names));
}

static void begin_object(struct growing *block, const struct clone_region *region)
{
	struct object *object = growing_add(block, sizeof(*object));

	if (!object)
		return;
	object->clones = region->start;
	object->header = (Elf64_Ehdr){
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_REL,
		.e_machine = ARCH_ELF_MACHINE,
		.e_version = EV_CURRENT,
		.e_shoff = file_offset(offsetof(struct object, sections)),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = SECTION_COUNT,
		.e_shstrndx = SECTION_NAMES,
	};
	begin_sections(object, region);
}

/* The section is all that is in the block from @from on. */
static void end_section(struct growing *block, enum section section, size_t from)
{
	struct object *object = (void *)block->bytes;

	if (block->failed)
		return;
	object->sections[section].sh_offset = file_offset(from);
	object->sections[section].sh_size = block->count - from;
	while (block->count % 8)
		growing_add(block, 1);
}

/* Adds symbols with the offsets of their names, which add_strings() adds. */
static void add_symbols(struct growing *block, const struct plan *plan,
			const struct function_names *names, uint64_t text_from_module)
{
	char name[FUNCTION_NAME_BYTES];
	size_t from = block->count;
	uint32_t name_at = 1;

	growing_add(block, sizeof(Elf64_Sym));
	for (uint32_t i = 0; i < plan->function_count; i++) {
		const struct function *function = &plan->functions[i];
		Elf64_Sym symbol = {
			.st_name = name_at,
			.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
			.st_shndx = SECTION_TEXT,
			.st_value = function->clone_start,
			.st_size = function->clone_end - function->clone_start,
		};

		if (!function->clone_end)
			continue;
		growing_put(block, &symbol, sizeof(symbol));
		name_at += (uint32_t)function_name_write(names, i,
							 text_from_module + function->start, name) +
			   1;
	}
	end_section(block, SECTION_SYMBOLS, from);
}

static void add_strings(struct growing *block, const struct plan *plan,
			const struct function_names *names, uint64_t text_from_module)
{
	char name[FUNCTION_NAME_BYTES];
	size_t from = block->count;

	growing_add(block, 1);
	for (uint32_t i = 0; i < plan->function_count; i++) {
		const struct function *function = &plan->functions[i];
		size_t length;

		if (!function->clone_end)
			continue;
		length = function_name_write(names, i, text_from_module + function->start, name);
		growing_put(block, name, length + 1);
	}
	end_section(block, SECTION_STRINGS, from);
}

static void add_frames(struct growing *block, const struct plan *plan, uint64_t text)
{
	size_t from = block->count;
	size_t common = clone_frames_begin(block);

	for (uint32_t i = 0; i < plan->function_count && !block->failed; i++)
		if (plan->functions[i].clone_end)
			clone_frames_add(block, common, plan, text, &plan->functions[i]);
	clone_frames_end(block);
	end_section(block, SECTION_FRAMES, from);
}

void debugger_add(const struct clone_region *region, const struct plan *plan,
		  const struct function_names *names)
{
	struct growing block = {0};
	struct jit_code_entry *first = __jit_debug_descriptor.first;
	struct object *object;

	begin_object(&block, region);
	add_symbols(&block, plan, names, region->text - region->bias);
	add_strings(&block, plan, names, region->text - region->bias);
	add_frames(&block, plan, region->text);
	growing_finish(&block);
	if (block.failed) {
		growing_free(&block);
		return;
	}
	object = (void *)block.bytes;
	object->room_bytes = block.room;
	object->entry.object = &object->header;
	object->entry.object_bytes = file_offset(block.count);
	object->entry.next = first;
	if (first)
		first->previous = &object->entry;
	__jit_debug_descriptor.first = &object->entry;
	tell_debugger(JIT_REGISTER, &object->entry);
}

void debugger_remove(uintptr_t start)
{
	struct jit_code_entry *entry = __jit_debug_descriptor.first;
	struct object *object;

	while (entry && ((struct object *)(void *)entry)->clones != start)
		entry = entry->next;
	if (!entry)
		return;
	if (entry->next)
		entry->next->previous = entry->previous;
	if (entry->previous)
		entry->previous->next = entry->next;
	else
		__jit_debug_descriptor.first = entry->next;
	tell_debugger(JIT_UNREGISTER, entry);
	object = (void *)entry;
	kernel_call2(SYS_munmap, object, object->room_bytes);
}
