#include <Zydis/Zydis.h>

#include "x86/decode/decode.h"

/* In its own file, so that only its callers link with Zydis. */
bool decoder_init_linked(struct decoder *decoder)
{
	return decoder_init(decoder, (void *)ZydisDecoderInit, (void *)ZydisDecoderDecodeFull,
			    (void *)ZydisGetVersion);
}
