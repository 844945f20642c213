/*
 * Signals as hand-overs: what a thread did before it sent a signal happens
 * before the handler, and before the return of a wait for it
 * (signal_channels.h).
 *
 * To see when a handler begins, the kernel gets our signal_entry in its place;
 * the program still sees its own.  Without races this is done from the first thread
 * creation on, as nothing needs it before.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "base/kernel.h"
#include "preload/channels/signal_channels.h"
#include "preload/guest/export.h"
#include "preload/guest/guest.h"
#include "preload/guest/process_id.h"
#include "preload/signals/handlers.h"
#include "preload/guest/real.h"
#include "preload/signals/put_off.h"
#include "preload/signals/signals.h"
#include "unwind/frame.h"

#define SIGNAL_OF_CANCELLATION 32
#define HOLD 2 /* SIG_HOLD of sigset() */

struct runtime_lock signals_lock LOCKED_AROUND_FORKS;

/* The program's handlers of signals that enter at signal_entry, and the flags
 * that the program gave. */
static uintptr_t handlers[SIGNAL_MAX + 1];
static uint32_t handler_flags[SIGNAL_MAX + 1];
static uint64_t has_siginfo; /* a bit per signal: signal_entry gets a siginfo */

void signal_entry(int signal);
uintptr_t signal_entered(int signal, siginfo_t *told, ucontext_t *context,
			 uintptr_t *return_address);

/* --- Edges ------------------------------------------------------------------------ */

/* A timer may start the second thread. */
static void give_signal(int signal)
{
	struct guest_thread *self =
		__libc_single_threaded && signal != SIGNAL_OF_TIMERS ? NULL : guest_enter();

	if (!self)
		return;
	signals_give(self, signal);
	guest_leave(self);
}

static void take_signal(int signal)
{
	struct guest_thread *self = __libc_single_threaded ? NULL : guest_enter();

	if (!self)
		return;
	signals_take(self, signal);
	signals_take(self, SIGNAL_OF_TIMERS);
	guest_leave(self);
}

/* Called by signal_entry.  Returns the handler; 0 if it must not be called now.
 * A thread that is not observed (yet, or any more) is not adopted by a
 * signal. */
uintptr_t signal_entered(int signal, siginfo_t *told, ucontext_t *context,
			 uintptr_t *return_address)
{
	struct delivery delivery = {
		.signal = signal,
		/* relaxed: the bit is set after the kernel's action. */
		.told = load_relaxed(&has_siginfo) & 1ull << (signal - 1) ? told : NULL,
		.context = context,
		.is_once = load_relaxed(&handler_flags[signal]) & (uint32_t)SA_RESETHAND,
		.return_address = return_address,
	};

	if (!handlers_enter(&delivery))
		return 0;
	if (guest_self)
		take_signal(signal);
	/* acquire: pairs with set_handler(). */
	return load_acquire(&handlers[signal]);
}

/* --- Handlers ----------------------------------------------------------------------- */

static bool is_function(uintptr_t handler)
{
	return handler > HOLD && handler != (uintptr_t)SIG_ERR;
}

/* Must @handler of @signal enter at signal_entry? */
static bool enters_here(int signal, uintptr_t handler)
{
	struct guest_thread *self;

	if (signal < 1 || signal > SIGNAL_MAX || !is_function(handler) ||
	    handler == (uintptr_t)signal_entry)
		return false;
	self = guest_enter(); /* this may begin observation, and read the options */
	if (self) {
		signals_give(self, signal);
		guest_leave(self);
	}
	return guest_state == GUEST_ON && (handlers_wait || guest_options.races != RACES_OFF) &&
	       !process_is_borrowed();
}

static uintptr_t set_handler(int signal, uintptr_t handler, uint32_t flags)
{
	/* relaxed: signal_entered() may come in between, for which they are a hint. */
	store_relaxed(&handler_flags[signal], flags);
	/* release: pairs with signal_entered(). */
	return exchange_acq_rel(&handlers[signal], handler);
}

/* The kernel's struct sigaction. */
struct kernel_action {
	uintptr_t handler;
	unsigned long flags;
	uintptr_t restorer;
	uint64_t mask;
};

static bool get_action(int signal, struct kernel_action *action)
{
	return kernel_call4(SYS_rt_sigaction, signal, 0, action, sizeof(action->mask)) == 0;
}

/* The kernel's handler of @signal is signal_entry, which needs a siginfo.  A
 * handler of the program that expects none ignores the argument. */
static void request_siginfo(int signal)
{
	struct kernel_action action;

	if (get_action(signal, &action) && action.handler == (uintptr_t)signal_entry) {
		store_relaxed(&handler_flags[signal], (uint32_t)action.flags);
		action.flags |= SA_SIGINFO;
		if (kernel_call4(SYS_rt_sigaction, signal, &action, 0, sizeof(action.mask)) == 0)
			(void)fetch_or_acq_rel(&has_siginfo, 1ull << (signal - 1));
	}
}

/* The handler that the program has set, if the kernel has @found. */
static uintptr_t show_handler(uintptr_t found, uintptr_t before)
{
	return found == (uintptr_t)signal_entry ? before : found;
}

/* For the unwinder. */
static uintptr_t program_handler(uint32_t signal, uintptr_t handler)
{
	return signal <= SIGNAL_MAX ? show_handler(handler, load_acquire(&handlers[signal]))
				    : handler;
}

EXPORT int sigaction(int signal, const struct sigaction *restrict action,
		     struct sigaction *restrict old)
{
	__typeof__(&sigaction) real = REAL(sigaction);
	struct sigaction ours;
	bool enters = action && enters_here(signal, (uintptr_t)action->sa_handler);
	uintptr_t before = 0;
	uint32_t flags = 0;
	int result;

	if (signal < 1 || signal > SIGNAL_MAX)
		return real(signal, action, old);
	if (enters) {
		ours = *action;
		ours.sa_handler = signal_entry;
		ours.sa_flags |= SA_SIGINFO;
	}
	runtime_lock(&signals_lock);
	before = load_relaxed(&handlers[signal]); /* changes under the lock alone */
	flags = load_relaxed(&handler_flags[signal]);
	if (enters)
		set_handler(signal, (uintptr_t)action->sa_handler, (uint32_t)action->sa_flags);
	result = real(signal, enters ? &ours : action, old);
	if (enters && result != 0)
		set_handler(signal, before, flags);
	else if (enters)
		(void)fetch_or_acq_rel(&has_siginfo, 1ull << (signal - 1));
	runtime_unlock(&signals_lock);
	if (result == 0 && old && old->sa_handler == (sighandler_t)signal_entry) {
		old->sa_handler = (sighandler_t)before;
		old->sa_flags = (old->sa_flags & ~SA_SIGINFO) | ((int)flags & SA_SIGINFO);
	}
	return result;
}

EXPORT_ALIAS(__sigaction, sigaction)

sighandler_t bsd_signal(int signal, sighandler_t handler);

/* The lock is not held during the real call: sigset() changes the signal mask. */
#define WRAP_SIGNAL(name)                                                                          \
	static __typeof__(&name) real_##name(void) /* 'signal' is a parameter below */             \
	{                                                                                          \
		return REAL(name);                                                                 \
	}                                                                                          \
                                                                                                   \
	EXPORT sighandler_t name(int signal, sighandler_t handler)                                 \
	{                                                                                          \
		bool enters = enters_here(signal, (uintptr_t)handler);                             \
		uintptr_t before =                                                                 \
			signal >= 1 && signal <= SIGNAL_MAX ? load_acquire(&handlers[signal]) : 0; \
		uint32_t flags = enters ? load_relaxed(&handler_flags[signal]) : 0;                \
		sighandler_t result;                                                               \
                                                                                                   \
		if (enters)                                                                        \
			set_handler(signal, (uintptr_t)handler, 0);                                \
		result = real_##name()(signal, enters ? signal_entry : handler);                   \
		if (enters && result == SIG_ERR)                                                   \
			set_handler(signal, before, flags);                                        \
		else if (enters)                                                                   \
			request_siginfo(signal);                                                   \
		return (sighandler_t)show_handler((uintptr_t)result, before);                      \
	}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
WRAP_SIGNAL(signal)
WRAP_SIGNAL(bsd_signal)
WRAP_SIGNAL(ssignal)
WRAP_SIGNAL(sysv_signal)
WRAP_SIGNAL(__sysv_signal)
WRAP_SIGNAL(sigset)
#pragma GCC diagnostic pop

/* --- Handlers that were set past us ------------------------------------------------- */

#define FOR_IDENTITIES 33 /* the C library's, for setuid(): it only makes system calls */

static void take_over(int signal)
{
	struct kernel_action action;

	if (!get_action(signal, &action) || !is_function(action.handler) ||
	    action.handler == (uintptr_t)signal_entry)
		return;
	set_handler(signal, action.handler, (uint32_t)action.flags);
	action.handler = (uintptr_t)signal_entry;
	action.flags |= SA_SIGINFO;
	if (kernel_call4(SYS_rt_sigaction, signal, &action, 0, sizeof(action.mask)) == 0)
		(void)fetch_or_acq_rel(&has_siginfo, 1ull << (signal - 1));
}

void signals_set_again(int signal)
{
	struct kernel_action action;

	if (!get_action(signal, &action) || action.handler != (uintptr_t)SIG_DFL)
		return;
	action.handler = (uintptr_t)signal_entry;
	kernel_call4(SYS_rt_sigaction, signal, &action, 0, sizeof(action.mask));
}

uint64_t signals_blocked_by(int signal)
{
	uint64_t own = 1ull << (signal - 1);
	struct kernel_action action;

	if (!get_action(signal, &action))
		return own;
	return action.mask | (action.flags & SA_NODEFER ? 0 : own);
}

void signals_take_over(void)
{
	for (int signal = 1; signal <= SIGNAL_MAX; signal++)
		if (signal != FOR_IDENTITIES)
			take_over(signal);
	handlers_watched();
}

/*
 * The C library sets its handler in the first call of pthread_cancel, which may
 * send the signal at once.  So we make a first call, for an invalid thread:
 * whichever field of it the C library reads, the thread has been cancelled and
 * has ended.
 */
void signals_watch_cancellation(int (*cancel)(pthread_t))
{
	static uint32_t nobody[4096];
	static bool is_done;

	if (exchange_acq_rel(&is_done, true))
		return;
	for (size_t i = 0; i < ARRAY_LENGTH(nobody); i++)
		nobody[i] = INT32_MAX;
	(void)cancel((pthread_t)(uintptr_t)nobody);
	take_over(SIGNAL_OF_CANCELLATION);
}

/* --- Senders --------------------------------------------------------------------------- */

#define WRAP_SENDER(name, parameters, arguments, signal)                                           \
	EXPORT int name parameters                                                                 \
	{                                                                                          \
		give_signal(signal);                                                               \
		return REAL(name) arguments;                                                       \
	}

WRAP_SENDER(kill, (pid_t process, int signal), (process, signal), signal)
WRAP_SENDER(killpg, (pid_t group, int signal), (group, signal), signal)
WRAP_SENDER(tgkill, (pid_t process, pid_t thread, int signal), (process, thread, signal), signal)
WRAP_SENDER(pthread_kill, (pthread_t thread, int signal), (thread, signal), signal)
WRAP_SENDER(sigqueue, (pid_t process, int signal, const union sigval value),
	    (process, signal, value), signal)
WRAP_SENDER(pthread_sigqueue, (pthread_t thread, int signal, const union sigval value),
	    (thread, signal, value), signal)
WRAP_SENDER(timer_settime,
	    (timer_t timer, int flags, const struct itimerspec *restrict value,
	     struct itimerspec *restrict old),
	    (timer, flags, value, old), SIGNAL_OF_TIMERS)
WRAP_SENDER(setitimer,
	    (__itimer_which_t which, const struct itimerval *restrict value,
	     struct itimerval *restrict old),
	    (which, value, old), SIGNAL_OF_TIMERS)

EXPORT unsigned int alarm(unsigned int seconds)
{
	give_signal(SIGNAL_OF_TIMERS);
	return REAL(alarm)(seconds);
}

/* --- Waiters ----------------------------------------------------------------------------- */

static void taken_by_call(int signal, siginfo_t *told)
{
	if (guest_self)
		put_off_take(guest_self, signal, told);
	take_signal(signal);
}

#define WRAP_SIGNAL_WAIT(name, parameters, arguments)                                              \
	EXPORT int name parameters                                                                 \
	{                                                                                          \
		siginfo_t unwanted;                                                                \
		int result;                                                                        \
                                                                                                   \
		if (!told)                                                                         \
			told = &unwanted;                                                          \
		result = REAL(name) arguments;                                                     \
		if (result > 0)                                                                    \
			taken_by_call(result, told);                                               \
		return result;                                                                     \
	}

WRAP_SIGNAL_WAIT(sigwaitinfo, (const sigset_t *restrict signals, siginfo_t *restrict told),
		 (signals, told))
WRAP_SIGNAL_WAIT(sigtimedwait,
		 (const sigset_t *restrict signals, siginfo_t *restrict told,
		  const struct timespec *restrict limit),
		 (signals, told, limit))

/* As the C library does it: what the sender said must be known. */
EXPORT int sigwait(const sigset_t *restrict signals, int *restrict signal)
{
	siginfo_t told;
	int result;

	do
		result = REAL(sigwaitinfo)(signals, &told);
	while (result < 0 && errno == EINTR);
	if (result < 0)
		return errno;
	taken_by_call(result, &told);
	*signal = result;
	return 0;
}

void signals_begin(void)
{
	unwind_program_handler = program_handler;
	unwind_signal_return = (uintptr_t)handlers_return;
}
