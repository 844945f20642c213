#include <Zydis/Zydis.h>

#include "x86/decode/decode.h"

/* In a file of its own, so that only who calls it needs Zydis to link. */
bool decoder_init_linked(struct decoder *decoder)
{
	return decoder_init(decoder, (void *)ZydisDecoderInit, (void *)ZydisDecoderDecodeFull);
}
