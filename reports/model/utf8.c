#include "reports/model/utf8.h"

#include <string.h>

size_t utf8_length(const unsigned char *text)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = *text < 0x80 ? 1 : *text < 0xe0 ? 2 : *text < 0xf0 ? 3 : 4;
	uint32_t code = length == 1 ? *text : *text & (0x7fu >> length);

	if ((*text >= 0x80 && *text < 0xc0) || *text > 0xf4 || *text == 127 ||
	    (*text < ' ' && *text != '\n' && *text != '\t'))
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3fu);
	}
	return code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ||
			       code == 0xfffe || code == 0xffff
		       ? 0
		       : length;
}

/* A line end, a control of 8 bits, or a mark for the direction of writing. */
static bool is_steering(const unsigned char *text)
{
	if (*text == '\n' || *text == '\t')
		return true;
	if (*text == 0xc2)
		return text[1] < 0xa0;
	return *text == 0xe2 && ((text[1] == 0x80 && text[2] >= 0xaa && text[2] <= 0xae) ||
				 (text[1] == 0x81 && text[2] >= 0xa6 && text[2] <= 0xa9));
}

/* The length of the character at @text, or 0 if a byte must not be printed. */
static size_t plain_length(const unsigned char *text)
{
	return is_steering(text) ? 0 : utf8_length(text);
}

const char *utf8_plain(struct pool *pool, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t length = 1;
	char *copy;

	while (*at && (length = plain_length(at)))
		at += length;
	if (!*at)
		return text;
	copy = pool_copy(pool, text, strlen(text));
	for (char *byte = copy; *byte; byte += length ? length : 1) {
		length = plain_length((const unsigned char *)byte);
		if (!length)
			*byte = '?';
	}
	return copy;
}
