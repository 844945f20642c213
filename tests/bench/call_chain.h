/*
 * A chain of real calls of a chosen depth, for measuring what a deep stack
 * costs whoever walks it.
 *
 * Each link is a function of its own, neither inlined nor a tail call, with a
 * frame size and a set of saved registers that differ from its neighbours', as
 * in a program that somebody wrote.  There is no recursion: a walker that
 * remembers return addresses sees as many as there are frames.
 */
#ifndef BENCH_CALL_CHAIN_H
#define BENCH_CALL_CHAIN_H

/* The innermost links that choose between two call sites. */
#define CALL_CHAIN_PATH_BITS 6

#define CALL_CHAIN_MAX_LINKS 64

struct call_chain {
	void (*body)(void *argument);
	void *argument;
	/*
	 * Bit n picks which of its two call sites link n uses.  All paths have
	 * frames of the same size, so that only the return addresses differ.
	 */
	unsigned path;
};

/* Calls the body with @link_count frames between it and the caller. */
void call_chain_enter(struct call_chain *chain, unsigned link_count);

#endif
