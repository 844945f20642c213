#include "reports/symbols/symbol_index.h"

#include <gelf.h>
#include <stdlib.h>

struct symbol_index {
	Dwfl_Module *module;
	struct indexed_symbol *rows; /* sorted; what counts more comes later */
	size_t count;
};

/* Of symbols for one place global ones count most, then weak ones, then the table's first. */
static bool is_before(const struct indexed_symbol *a, const struct indexed_symbol *b)
{
	if (a->start != b->start)
		return a->start < b->start;
	if (a->end != b->end)
		return a->end > b->end;
	if (a->rank != b->rank)
		return a->rank < b->rank;
	return a->number > b->number;
}

static int compare_symbols(const void *left, const void *right)
{
	return is_before(left, right) ? -1 : is_before(right, left);
}

static unsigned char rank_of(const GElf_Sym *symbol)
{
	unsigned binding = GELF_ST_BIND(symbol->st_info);

	return binding == STB_LOCAL ? 0 : binding == STB_WEAK ? 1 : 2;
}

/* False if @symbol names no place in code or data. */
static bool is_place(const GElf_Sym *symbol, const char *name)
{
	unsigned type = GELF_ST_TYPE(symbol->st_info);

	return name && name[0] && symbol->st_shndx != SHN_UNDEF && type != STT_SECTION &&
	       type != STT_FILE && type != STT_TLS;
}

static void add_symbol(struct symbol_index *index, int number)
{
	struct indexed_symbol *row = &index->rows[index->count];
	GElf_Word section;
	GElf_Sym symbol;

	row->name = dwfl_module_getsym_info(index->module, number, &symbol, &row->start, &section,
					    NULL, NULL);
	if (!is_place(&symbol, row->name))
		return;
	row->end = row->start + symbol.st_size;
	row->section = section;
	row->type = GELF_ST_TYPE(symbol.st_info);
	row->rank = rank_of(&symbol);
	row->number = number;
	index->count++;
}

/* --- Sorting: by places first, as nearly all are different ------------------------------- */

#define DIGIT_BITS 8u
#define DIGITS 4u

struct place {
	uint32_t from_first; /* bytes */
	uint32_t row;
};

static void sort_by_digit(const struct place *from, struct place *to, size_t count, unsigned digit)
{
	uint32_t ends[(1u << DIGIT_BITS) + 1] = {0};
	unsigned shift = digit * DIGIT_BITS, mask = (1u << DIGIT_BITS) - 1;

	for (size_t i = 0; i < count; i++)
		ends[(from[i].from_first >> shift & mask) + 1]++;
	for (unsigned i = 0; i < mask; i++)
		ends[i + 1] += ends[i];
	for (size_t i = 0; i < count; i++)
		to[ends[from[i].from_first >> shift & mask]++] = from[i];
}

/* False: they are too far apart. */
static bool sort_by_place(struct symbol_index *index, struct pool *pool)
{
	size_t count = index->count, bytes = count * sizeof(struct place);
	struct place *places = pool_alloc(pool, bytes), *others = pool_alloc(pool, bytes), *sorted;
	struct indexed_symbol *rows = pool_alloc(pool, count * sizeof(*rows));
	uint64_t first = UINT64_MAX;

	for (size_t i = 0; i < count; i++)
		if (index->rows[i].start < first)
			first = index->rows[i].start;
	for (size_t i = 0; i < count; i++) {
		if (index->rows[i].start - first > UINT32_MAX)
			return false;
		places[i] = (struct place){(uint32_t)(index->rows[i].start - first), (uint32_t)i};
	}
	for (unsigned digit = 0; digit < DIGITS; digit++) {
		sort_by_digit(places, others, count, digit);
		sorted = others;
		others = places;
		places = sorted;
	}
	for (size_t i = 0; i < count; i++)
		rows[i] = index->rows[places[i].row];
	index->rows = rows;
	return true;
}

static void sort_rows(struct symbol_index *index, struct pool *pool)
{
	bool is_by_place = index->count && sort_by_place(index, pool);
	size_t first = 0, end;

	for (; first < index->count; first = end) {
		end = is_by_place ? first + 1 : index->count;
		while (end < index->count && index->rows[end].start == index->rows[first].start)
			end++;
		if (end > first + 1)
			qsort(index->rows + first, end - first, sizeof(*index->rows),
			      compare_symbols);
	}
}

/* --- Looking up --------------------------------------------------------------------------- */

struct symbol_index *symbol_index_new(struct pool *pool, Dwfl_Module *module)
{
	struct symbol_index *index = pool_alloc(pool, sizeof(*index));
	int count = dwfl_module_getsymtab(module);
	uint64_t reached = 0;

	index->module = module;
	index->rows = pool_alloc(pool, (count > 0 ? (size_t)count : 1) * sizeof(*index->rows));
	for (int i = 1; i < count; i++)
		add_symbol(index, i);
	sort_rows(index, pool);
	for (size_t i = 0; i < index->count; i++) {
		if (index->rows[i].end > reached)
			reached = index->rows[i].end;
		index->rows[i].reached = reached;
	}
	return index;
}

/* Is @row, which is before @best, the better one for an address that both cover? */
static bool is_better(const struct indexed_symbol *row, const struct indexed_symbol *best)
{
	return !best || (!best->rank && row->rank);
}

static size_t count_up_to(const struct symbol_index *index, uint64_t address)
{
	size_t low = 0;
	size_t high = index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (index->rows[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The section that @address is in, or SHN_UNDEF. */
static uint32_t section_of(Dwfl_Module *module, uint64_t address)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(module, &bias);
	Elf_Scn *section = NULL;

	while (elf && (section = elf_nextscn(elf, section))) {
		GElf_Shdr header;

		if (gelf_getshdr(section, &header) && header.sh_flags & SHF_ALLOC &&
		    address - bias >= header.sh_addr &&
		    address - bias - header.sh_addr < header.sh_size)
			return (uint32_t)elf_ndxscn(section);
	}
	return SHN_UNDEF;
}

/* The last of the first @count symbols, if it has no size and none with a size goes beyond it. */
static const struct indexed_symbol *find_label(const struct symbol_index *index, size_t count,
					       uint64_t address)
{
	const struct indexed_symbol *best = NULL;
	uint32_t section = section_of(index->module, address);

	for (size_t i = count; i > 0; i--) {
		const struct indexed_symbol *row = &index->rows[i - 1];

		if (row->end > row->start || row->reached > row->start ||
		    (best && row->start != best->start))
			return best;
		if (row->section == section && is_better(row, best))
			best = row;
	}
	return best;
}

const struct indexed_symbol *symbol_index_find(const struct symbol_index *index, uint64_t address)
{
	size_t count = count_up_to(index, address);
	const struct indexed_symbol *best = NULL;

	for (size_t i = count; i > 0 && index->rows[i - 1].reached > address; i--) {
		const struct indexed_symbol *row = &index->rows[i - 1];

		if (row->end > address && is_better(row, best))
			best = row;
	}
	return best ? best : find_label(index, count, address);
}
