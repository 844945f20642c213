#include "reports/symbols/symbolize.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "base/strings.h"
#include "reports/symbols/elf_image.h"
#include "reports/symbols/scopes.h"

#define BUCKET_COUNT 65536u

/* A stack that was looked up; in the chain of its bucket. */
struct known_stack {
	struct known_stack *next;
	const struct model_stack *stack;
	struct source_stack source;
};

struct known_image {
	struct known_image *next;
	struct elf_image *image;
};

/* An address of code with its frames; many stacks may share it. */
struct known_place {
	struct known_place *next;
	const struct elf_image *image;
	uint64_t offset;
	struct source_stack frames;
};

struct symbolizer {
	struct pool *pool;
	struct known_image *images;
	struct known_stack *stacks[BUCKET_COUNT];
	struct known_place *places[BUCKET_COUNT];
	size_t frame_count; /* of places */
};

/* What calls main or a thread's function. */
static const char *const startup_functions[] = {
	"__libc_start_call_main", "__libc_start_main",	  "__libc_start_main_impl",
	"__libc_start_main_2",	  "_start",		  "start_thread",
	"clone3",		  "__clone3",		  "__GI___clone3",
	"clone",		  "__clone",		  "__GI___clone",
	"_dl_start_user",
};

struct symbolizer *symbolizer_new(struct pool *pool)
{
	struct symbolizer *symbolizer = pool_alloc(pool, sizeof(*symbolizer));

	symbolizer->pool = pool;
	return symbolizer;
}

void symbolizer_free(struct symbolizer *symbolizer)
{
	for (struct known_image *known = symbolizer->images; known; known = known->next)
		elf_image_close(known->image);
	symbolizer->images = NULL;
}

struct elf_image *symbolizer_image(struct symbolizer *symbolizer, const struct model_module *module)
{
	struct known_image *known;

	for (known = symbolizer->images; known; known = known->next) {
		if (strcmp(known->image->path, module->path) == 0 &&
		    strcmp(known->image->build_id, module->build_id) == 0)
			return known->image;
	}
	known = pool_alloc(symbolizer->pool, sizeof(*known));
	known->image = elf_image_open(symbolizer->pool, module->path, module->build_id);
	known->next = symbolizer->images;
	symbolizer->images = known;
	return known->image;
}

static bool is_startup_function(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(startup_functions); i++) {
		if (strcmp(name, startup_functions[i]) == 0)
			return true;
	}
	return false;
}

/* @file relative to the directory of the compilation, if it is in there. */
static const char *shorten_file(struct pool *pool, const char *file, const char *directory)
{
	size_t length = directory ? strlen(directory) : 0;

	if (length && strncmp(file, directory, length) == 0 && file[length] == '/')
		file += length + 1;
	while (strncmp(file, "./", 2) == 0)
		file += 2;
	return source_path_straight(pool, file);
}

static const char *attribute_string(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;

	return dwarf_formstring(dwarf_attr_integrate(die, name, &attribute));
}

/* Follows @die to where it is declared. */
static Dwarf_Die find_declaration(const Dwarf_Die *die)
{
	Dwarf_Die found = *die;
	Dwarf_Attribute attribute;

	while (dwarf_attr(&found, DW_AT_abstract_origin, &attribute) ||
	       dwarf_attr(&found, DW_AT_specification, &attribute)) {
		Dwarf_Die next;

		if (!dwarf_formref_die(&attribute, &next))
			break;
		found = next;
	}
	return found;
}

/* A function that no other file can call may lack a linkage name. */
static const char *function_name(struct pool *pool, Dwarf_Die *die)
{
	const char *name = attribute_string(die, DW_AT_linkage_name);
	Dwarf_Die declaration;

	if (!name)
		name = attribute_string(die, DW_AT_MIPS_linkage_name);
	if (name)
		return demangle_name(pool, name);
	name = attribute_string(die, DW_AT_name);
	declaration = find_declaration(die);
	return name ? pool_format(pool, "%s%s", scopes_prefix(pool, &declaration),
				  demangle_name(pool, name))
		    : NULL;
}

/* The class of a lambda has no name of its own. */
static bool is_lambda_class(Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);

	return dwarf_tag(die) != DW_TAG_subprogram && (!name || string_has_prefix(name, "<lambda"));
}

/* Not by dwarf_decl_file(), which does not know file 0 of DWARF 5. */
static const char *declared_file(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Word number;
	Dwarf_Files *files;
	Dwarf_Die unit;

	if (dwarf_formudata(dwarf_attr_integrate(die, DW_AT_decl_file, &attribute), &number) != 0 ||
	    !dwarf_diecu(die, &unit, NULL, NULL) || dwarf_getsrcfiles(&unit, &files, NULL) != 0)
		return NULL;
	return dwarf_filesrc(files, number, NULL, NULL);
}

/* Where the lambda of C++ or the closure of Rust begins that @function is, or NULL. */
static const char *lambda_place(struct pool *pool, const Dwarf_Die *function)
{
	Dwarf_Die die = find_declaration(function);
	const char *name = dwarf_diename(&die);
	const char *place = NULL;
	const char *file;
	Dwarf_Die *scopes;
	int line;
	int count;

	if (!name || (strcmp(name, "operator()") != 0 && !string_has_prefix(name, "{closure")))
		return NULL;
	count = dwarf_getscopes_die(&die, &scopes);
	if (count <= 1)
		return NULL;
	/* gcc says it of the class, others of the function too. */
	file = declared_file(&scopes[1]) ? declared_file(&scopes[1]) : declared_file(&die);
	if ((name[0] == '{' || is_lambda_class(&scopes[1])) && file &&
	    (dwarf_decl_line(&scopes[1], &line) == 0 || dwarf_decl_line(&die, &line) == 0))
		place = pool_format(pool, "%s:%d", path_base_name(file), line);
	free(scopes);
	return place;
}

/* A frame of which only the module is known. */
static struct source_frame frame_in_module(const struct model_module *module, uint64_t offset)
{
	return (struct source_frame){
		.module = model_module_name(module),
		.module_path = module->path,
		.build_id = module->build_id,
		.offset = offset,
	};
}

static void add_frame(struct symbolizer *symbolizer, struct source_stack *stack,
		      const struct source_frame *frame)
{
	stack->frames = pool_grow(symbolizer->pool, stack->frames, stack->frame_count,
				  sizeof(*frame));
	stack->frames[stack->frame_count++] = *frame;
}

/* Sets the place of @frame to where @inlined was called. */
static void set_call_place(struct pool *pool, struct source_frame *frame, Dwarf_Die *unit,
			   Dwarf_Die *inlined)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;
	Dwarf_Files *files;
	const char *file;

	frame->file = NULL;
	frame->line = frame->column = 0;
	if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &value) == 0 &&
	    dwarf_getsrcfiles(unit, &files, NULL) == 0) {
		file = dwarf_filesrc(files, value, NULL, NULL);
		frame->file = file ? shorten_file(pool, file, frame->directory) : NULL;
	}
	if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &value) == 0)
		frame->line = (unsigned)value;
	if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_column, &attribute), &value) == 0)
		frame->column = (unsigned)value;
}

/* Where @function begins, if that is in the file of @frame. */
static unsigned begin_of(struct pool *pool, const struct source_frame *frame, Dwarf_Die *function)
{
	const char *file = declared_file(function);
	int line;

	if (!file || !frame->file || dwarf_decl_line(function, &line) != 0 ||
	    strcmp(shorten_file(pool, file, frame->directory), frame->file) != 0)
		return 0;
	return (unsigned)line;
}

static void add_scopes(struct symbolizer *symbolizer, struct source_stack *stack,
		       struct source_frame *frame, Dwarf_Die *unit, Dwarf_Die *scopes, int count)
{
	for (int i = 0; i < count; i++) {
		int tag = dwarf_tag(&scopes[i]);
		struct source_frame named;
		const char *name;

		if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
			continue;
		named = *frame;
		named.is_inlined = tag == DW_TAG_inlined_subroutine;
		name = function_name(symbolizer->pool, &scopes[i]);
		/* Of a local C++ function that lacks a linkage name the symbol says more. */
		if (name && (named.is_inlined || !frame->function || !strchr(frame->function, '(')))
			named.function = name;
		named.lambda = lambda_place(symbolizer->pool, &scopes[i]);
		named.begin = begin_of(symbolizer->pool, &named, &scopes[i]);
		add_frame(symbolizer, stack, &named);
		if (!named.is_inlined)
			return;
		set_call_place(symbolizer->pool, frame, unit, &scopes[i]);
	}
}

/* The line of @address by the unit's own table, since clang writes no index. */
static void set_line(struct pool *pool, struct source_frame *frame, Dwarf_Die *unit,
		     Dwarf_Addr address)
{
	Dwarf_Line *line = dwarf_getsrc_die(unit, address);
	const char *file = line ? dwarf_linesrc(line, NULL, NULL) : NULL;
	int number = 0;
	int column = 0;

	if (!file)
		return;
	dwarf_lineno(line, &number);
	dwarf_linecol(line, &column);
	frame->file = shorten_file(pool, file, frame->directory);
	frame->line = (unsigned)number;
	frame->column = (unsigned)column;
}

/* Adds the frames that debug information has; false if it has none. */
static bool add_debug_frames(struct symbolizer *symbolizer, struct elf_image *image,
			     struct source_stack *stack, struct source_frame *frame)
{
	size_t count_before = stack->frame_count;
	Dwarf_Addr bias = 0;
	Dwarf_Die *scopes;
	Dwarf_Die unit;
	int count;

	if (!elf_image_unit(image, frame->offset, &unit, &bias))
		return false;
	frame->directory = attribute_string(&unit, DW_AT_comp_dir);
	set_line(symbolizer->pool, frame, &unit, frame->offset - bias);
	elf_image_enter_split_unit(&unit);
	count = scopes_find(image, &unit, frame->offset - bias, &scopes);
	add_scopes(symbolizer, stack, frame, &unit, scopes, count);
	return stack->frame_count > count_before;
}

/* The address in a replayed script is a line and column. */
static void add_script_place(struct symbolizer *symbolizer, const struct model_module *module,
			     uint64_t address, struct source_stack *stack)
{
	struct source_frame frame = frame_in_module(module, address);

	frame.function = "event";
	frame.file = module->path;
	frame.line = (unsigned)(address >> SCRIPT_LINE_SHIFT);
	frame.column = (unsigned)address & ((1u << SCRIPT_LINE_SHIFT) - 1);
	frame.build_id = "";
	add_frame(symbolizer, stack, &frame);
}

/* libc without symbols: at the outer end it can only be start-up code. */
static bool is_in_nameless_libc(const struct source_frame *frame)
{
	return !frame->function && frame->module && strncmp(frame->module, "libc.so", 7) == 0;
}

static void add_place(struct symbolizer *symbolizer, struct elf_image *image,
		      const struct model_module *module, uint64_t offset,
		      struct source_stack *stack)
{
	struct source_frame frame = frame_in_module(module, offset);
	uint64_t distance;
	const char *symbol = elf_image_symbol(image, offset, true, &distance);

	if (symbol) {
		frame.function = demangle_name(symbolizer->pool, symbol);
		frame.function_start = offset - distance;
		frame.is_startup = is_startup_function(symbol);
	} else if (elf_image_is_signal_return(image, offset)) {
		frame.function = "<signal handler called>";
		frame.is_signal = true;
	} else if (!elf_image_function_start(image, offset, &frame.function_start)) {
		frame.function_start = 0;
	}
	if (frame.is_startup || frame.is_signal || is_in_nameless_libc(&frame) ||
	    !add_debug_frames(symbolizer, image, stack, &frame))
		add_frame(symbolizer, stack, &frame);
}

static const struct source_stack *known_frames(struct symbolizer *symbolizer,
					       const struct model_module *module, uint64_t offset)
{
	struct elf_image *image = symbolizer_image(symbolizer, module);
	struct known_place **bucket = &symbolizer->places[offset % BUCKET_COUNT];
	struct known_place *known = *bucket;

	while (known && (known->image != image || known->offset != offset))
		known = known->next;
	if (known)
		return &known->frames;
	known = pool_alloc(symbolizer->pool, sizeof(*known));
	known->image = image;
	known->offset = offset;
	known->next = *bucket;
	*bucket = known;
	add_place(symbolizer, image, module, offset, &known->frames);
	for (size_t i = 0; i < known->frames.frame_count; i++) {
		struct source_frame *frame = &known->frames.frames[i];

		frame->number = ++symbolizer->frame_count;
		if (frame->file)
			frame->path = source_frame_path(symbolizer->pool, frame);
	}
	return &known->frames;
}

static void add_address(struct symbolizer *symbolizer, const struct model_process *process,
			uint32_t generation, uint64_t return_address, struct source_stack *stack)
{
	uint64_t address = return_address ? return_address - 1 : 0;
	const struct model_module *module = model_module(process, generation, address);
	const struct source_stack *frames;

	if (!module) {
		add_frame(symbolizer, stack, &(struct source_frame){.offset = address});
		return;
	}
	if (strcmp(module->build_id, MODULE_IS_SCRIPT) == 0) {
		add_script_place(symbolizer, module, address, stack);
		return;
	}
	frames = known_frames(symbolizer, module, address - module->bias);
	for (size_t i = 0; i < frames->frame_count; i++)
		add_frame(symbolizer, stack, &frames->frames[i]);
}

/* Callers of start-up code (_start of a stripped program) are start-up code too. */
static size_t count_visible(const struct source_stack *stack)
{
	size_t count = 0;

	while (count < stack->frame_count && !stack->frames[count].is_startup)
		count++;
	while (count && is_in_nameless_libc(&stack->frames[count - 1]))
		count--;
	return count ? count : stack->frame_count;
}

const struct source_stack *symbolize_stack(struct symbolizer *symbolizer,
					   const struct model_process *process, uint32_t stack)
{
	const struct model_stack *raw = model_stack(process, stack);
	struct known_stack **bucket;
	struct known_stack *known;

	if (!raw)
		return NULL;
	bucket = &symbolizer->stacks[((uintptr_t)raw / sizeof(*raw)) % BUCKET_COUNT];
	for (known = *bucket; known; known = known->next) {
		if (known->stack == raw)
			return &known->source;
	}
	known = pool_alloc(symbolizer->pool, sizeof(*known));
	known->stack = raw;
	known->source.is_incomplete = raw->flags & STACK_INCOMPLETE;
	known->source.is_in_handler = raw->flags & STACK_IN_HANDLER;
	for (uint32_t i = 0; i < raw->frame_count; i++)
		add_address(symbolizer, raw->home ? raw->home : process, raw->generation,
			    model_stack_frame(raw, i),
			    &known->source);
	known->source.visible_count = count_visible(&known->source);
	known->next = *bucket;
	*bucket = known;
	return &known->source;
}

const struct source_frame *symbolize_site(struct symbolizer *symbolizer,
					  const struct model_process *process, stack_id stack)
{
	return source_stack_site(symbolize_stack(symbolizer, process, stack));
}

const char *symbolize_place(struct symbolizer *symbolizer, const struct model_process *process,
			    stack_id stack)
{
	const struct source_frame *site = symbolize_site(symbolizer, process, stack);

	return site ? source_frame_short_place(symbolizer->pool, site) : NULL;
}

/* The module of the innermost instruction of @stack, or NULL, and its address. */
static const struct model_module *module_of_stack(const struct model_process *process,
						  uint32_t stack, uint64_t *address)
{
	const struct model_stack *raw = model_stack(process, stack);
	const struct model_module *module;

	if (!raw || !raw->frame_count)
		return NULL;
	/* The innermost frame of an access is its instruction's address plus one. */
	*address = model_stack_frame(raw, 0) - 1;
	module = model_module(raw->home ? raw->home : process, raw->generation, *address);
	return module && strcmp(module->build_id, MODULE_IS_SCRIPT) != 0 ? module : NULL;
}

bool symbolize_instruction(struct symbolizer *symbolizer, const struct model_process *process,
			   uint32_t stack, struct elf_image **image, uint64_t *address)
{
	const struct model_module *module = module_of_stack(process, stack, address);

	if (!module)
		return false;
	*image = symbolizer_image(symbolizer, module);
	*address -= module->bias;
	return true;
}

const struct source_stack *symbolize_beside(struct symbolizer *symbolizer,
					    const struct model_process *process, uint32_t stack,
					    uint64_t address)
{
	uint64_t innermost;
	const struct model_module *module = module_of_stack(process, stack, &innermost);

	return module ? known_frames(symbolizer, module, address) : NULL;
}
