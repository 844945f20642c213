#include "reports/formats/ci/utf8.h"

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
