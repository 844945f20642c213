#include "call_chain.h"

#define KEEP_OUT_OF_LINE __attribute__((noinline))

/*
 * The frame must exist, although nothing reads it, and the registers must be
 * saved: for the compiler, the assembly uses both.
 */
#define USE(frame, ...) __asm__ volatile("" : : "r"(frame) : "memory", __VA_ARGS__)

/* Two calls that differ in what follows them cannot be merged into one. */
#define AFTER_CALL(site) __asm__ volatile("# " site : : : "memory")

#define LINK(number, next, frame_bytes, ...)                                                       \
	static KEEP_OUT_OF_LINE void link_##number(struct call_chain *chain)                       \
	{                                                                                          \
		char frame[frame_bytes];                                                           \
                                                                                                   \
		USE(frame, __VA_ARGS__);                                                           \
		if (number < CALL_CHAIN_PATH_BITS && (chain->path >> (number % 32) & 1)) {         \
			next(chain);                                                               \
			AFTER_CALL("second site");                                                 \
		} else {                                                                           \
			next(chain);                                                               \
			AFTER_CALL("first site");                                                  \
		}                                                                                  \
		USE(frame, __VA_ARGS__);                                                           \
	}

/* Not a link: the compiler makes a jump of it, which has no frame. */
static inline void call_body(struct call_chain *chain)
{
	chain->body(chain->argument);
}

/* clang-format off */
LINK(0, call_body, 16, "rbx")
LINK(1, link_0, 72, "r12", "r13")
LINK(2, link_1, 40, "rbx", "r14")
LINK(3, link_2, 200, "r15")
LINK(4, link_3, 24, "rbx", "r12", "r13", "r14", "r15")
LINK(5, link_4, 120, "rbx")
LINK(6, link_5, 56, "r12", "r13")
LINK(7, link_6, 336, "rbx", "r14")
LINK(8, link_7, 16, "r15")
LINK(9, link_8, 72, "rbx", "r12", "r13", "r14", "r15")
LINK(10, link_9, 40, "rbx")
LINK(11, link_10, 200, "r12", "r13")
LINK(12, link_11, 24, "rbx", "r14")
LINK(13, link_12, 120, "r15")
LINK(14, link_13, 56, "rbx", "r12", "r13", "r14", "r15")
LINK(15, link_14, 336, "rbx")
LINK(16, link_15, 16, "r12", "r13")
LINK(17, link_16, 72, "rbx", "r14")
LINK(18, link_17, 40, "r15")
LINK(19, link_18, 200, "rbx", "r12", "r13", "r14", "r15")
LINK(20, link_19, 24, "rbx")
LINK(21, link_20, 120, "r12", "r13")
LINK(22, link_21, 56, "rbx", "r14")
LINK(23, link_22, 336, "r15")
LINK(24, link_23, 16, "rbx", "r12", "r13", "r14", "r15")
LINK(25, link_24, 72, "rbx")
LINK(26, link_25, 40, "r12", "r13")
LINK(27, link_26, 200, "rbx", "r14")
LINK(28, link_27, 24, "r15")
LINK(29, link_28, 120, "rbx", "r12", "r13", "r14", "r15")
LINK(30, link_29, 56, "rbx")
LINK(31, link_30, 336, "r12", "r13")
LINK(32, link_31, 16, "rbx", "r14")
LINK(33, link_32, 72, "r15")
LINK(34, link_33, 40, "rbx", "r12", "r13", "r14", "r15")
LINK(35, link_34, 200, "rbx")
LINK(36, link_35, 24, "r12", "r13")
LINK(37, link_36, 120, "rbx", "r14")
LINK(38, link_37, 56, "r15")
LINK(39, link_38, 336, "rbx", "r12", "r13", "r14", "r15")
LINK(40, link_39, 16, "rbx")
LINK(41, link_40, 72, "r12", "r13")
LINK(42, link_41, 40, "rbx", "r14")
LINK(43, link_42, 200, "r15")
LINK(44, link_43, 24, "rbx", "r12", "r13", "r14", "r15")
LINK(45, link_44, 120, "rbx")
LINK(46, link_45, 56, "r12", "r13")
LINK(47, link_46, 336, "rbx", "r14")
LINK(48, link_47, 16, "r15")
LINK(49, link_48, 72, "rbx", "r12", "r13", "r14", "r15")
LINK(50, link_49, 40, "rbx")
LINK(51, link_50, 200, "r12", "r13")
LINK(52, link_51, 24, "rbx", "r14")
LINK(53, link_52, 120, "r15")
LINK(54, link_53, 56, "rbx", "r12", "r13", "r14", "r15")
LINK(55, link_54, 336, "rbx")
LINK(56, link_55, 16, "r12", "r13")
LINK(57, link_56, 72, "rbx", "r14")
LINK(58, link_57, 40, "r15")
LINK(59, link_58, 200, "rbx", "r12", "r13", "r14", "r15")
LINK(60, link_59, 24, "rbx")
LINK(61, link_60, 120, "r12", "r13")
LINK(62, link_61, 56, "rbx", "r14")
LINK(63, link_62, 336, "r15")
/* clang-format on */

void call_chain_enter(struct call_chain *chain, unsigned link_count)
{
	static void (*const links[CALL_CHAIN_MAX_LINKS])(struct call_chain *) = {
		link_0, link_1, link_2, link_3, link_4, link_5, link_6, link_7,
		link_8, link_9, link_10, link_11, link_12, link_13, link_14, link_15,
		link_16, link_17, link_18, link_19, link_20, link_21, link_22, link_23,
		link_24, link_25, link_26, link_27, link_28, link_29, link_30, link_31,
		link_32, link_33, link_34, link_35, link_36, link_37, link_38, link_39,
		link_40, link_41, link_42, link_43, link_44, link_45, link_46, link_47,
		link_48, link_49, link_50, link_51, link_52, link_53, link_54, link_55,
		link_56, link_57, link_58, link_59, link_60, link_61, link_62, link_63,
	};

	if (link_count == 0)
		call_body(chain);
	else
		links[link_count - 1](chain);
	AFTER_CALL("entered");
}
