#include "elf/dwarf_reader.h"

struct dwarf_reader dwarf_reader_at(const struct image *image, uint64_t address)
{
	const struct image_segment *segment = image_segment_of(image, address);
	struct dwarf_reader reader = {.image = image, .address = address, .failed = true};

	if (segment && address - segment->start < segment->byte_count) {
		reader.at = segment->bytes + (address - segment->start);
		reader.end = segment->bytes + segment->byte_count;
		reader.failed = false;
	}
	return reader;
}

void dwarf_skip(struct dwarf_reader *reader, uint64_t size_bytes)
{
	if (reader->failed || (uint64_t)(reader->end - reader->at) < size_bytes) {
		reader->failed = true;
		return;
	}
	reader->at += size_bytes;
	reader->address += size_bytes;
}

uint64_t dwarf_read(struct dwarf_reader *reader, unsigned size_bytes)
{
	const unsigned char *from = reader->at;
	uint64_t value = 0;

	dwarf_skip(reader, size_bytes);
	if (reader->failed)
		return 0;
	for (unsigned i = size_bytes; i-- > 0;)
		value = value << 8 | from[i];
	return value;
}

static uint64_t read_leb(struct dwarf_reader *reader, bool is_signed)
{
	uint64_t value = 0, byte;
	unsigned shift = 0;

	do {
		byte = dwarf_read(reader, 1);
		if (shift < 64)
			value |= (byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (is_signed && shift < 64 && byte & 0x40)
		value |= UINT64_MAX << shift;
	return value;
}

uint64_t dwarf_read_uleb(struct dwarf_reader *reader)
{
	return read_leb(reader, false);
}

int64_t dwarf_read_sleb(struct dwarf_reader *reader)
{
	return (int64_t)read_leb(reader, true);
}

static uint64_t read_form(struct dwarf_reader *reader, uint8_t form)
{
	switch (form) {
	case 0x0: /* a pointer as it is */
	case 0x4:
	case 0xc:
		return dwarf_read(reader, 8);
	case 0x1:
		return dwarf_read_uleb(reader);
	case 0x2:
		return dwarf_read(reader, 2);
	case 0x3:
		return dwarf_read(reader, 4);
	case 0x9:
		return (uint64_t)dwarf_read_sleb(reader);
	case 0xa:
		return (uint64_t)(int16_t)dwarf_read(reader, 2);
	case 0xb:
		return (uint64_t)(int32_t)dwarf_read(reader, 4);
	default:
		reader->failed = true;
		return 0;
	}
}

uint64_t dwarf_read_encoded(struct dwarf_reader *reader, uint8_t encoding, uint64_t data_base)
{
	uint64_t here = reader->address;
	struct dwarf_reader there;
	uint64_t value;

	if (encoding == DWARF_OMIT)
		return 0;
	value = read_form(reader, encoding & 0x0f);
	if (value == 0 || reader->failed)
		return 0;
	switch (encoding & 0x70) {
	case 0x00:
		break;
	case 0x10: /* relative to the pointer itself */
		value += here;
		break;
	case 0x30:
		value += data_base;
		break;
	default:
		reader->failed = true;
		return 0;
	}
	if (!(encoding & 0x80))
		return value;
	there = dwarf_reader_at(reader->image, value);
	value = dwarf_read(&there, 8);
	reader->failed |= there.failed;
	return value;
}
