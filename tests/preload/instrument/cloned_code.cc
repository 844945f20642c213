/*
 * Code of every shape runs on unharmed once its accesses are observed: jump
 * tables and computed gotos, exceptions and long jumps, string instructions in
 * both directions, vector registers across checks, leaf functions below the
 * stack pointer, variable frames, tail calls, signals in the middle of all of it.
 * Threads share nothing here but what a lock protects.
 *
 * guest-forgetful: yes
 */
// guest-timeout: 60
#include <algorithm>
#include <csetjmp>
#include <csignal>
#include <cstdarg>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <sys/time.h>
#include <thread>
#include <vector>

#include "../guest.h"

#define ROUNDS 2000
#define NOINLINE __attribute__((noinline))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long shared_sum;

static uint32_t next_value(uint32_t *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 8;
}

/* --- Jumps -------------------------------------------------------------------- */

struct machine {
	long registers[8];
	const unsigned char *program;
};

static NOINLINE long interpret_code(struct machine *machine, int count)
{
	long *r = machine->registers;

	for (int i = 0; i < count; i++) {
		switch (machine->program[i] & 15) {
		case 0: r[0] += r[1]; break;
		case 1: r[1] = r[2] * 3 + 1; break;
		case 2: r[2] ^= r[0]; break;
		case 3: r[3] = r[0] / (r[1] | 1); break;
		case 4: std::swap(r[4], r[5]); break;
		case 5: r[5] -= r[3] << 2; break;
		case 6: r[6] = r[6] >> 1 ^ r[4]; break;
		case 7: r[7] += i; break;
		case 8: r[0] = r[7] % 1009; break;
		case 9: r[1] += r[r[7] & 7]; break;
		case 10: r[r[0] & 7] = r[2]; break;
		default: r[2]++; break;
		}
	}
	return r[0] ^ r[1] ^ r[2] ^ r[3] ^ r[4] ^ r[5] ^ r[6] ^ r[7];
}

static NOINLINE long thread_code(const unsigned char *code, int count, long *memory)
{
	static const void *const labels[] = {&&add, &&multiply, &&subtract, &&mix};
	int i = 0;

	goto *labels[code[0] & 3];
add:
	memory[0] += memory[1] + 1;
	if (++i == count)
		return memory[0];
	goto *labels[code[i] & 3];
multiply:
	memory[1] = memory[0] * 3;
	if (++i == count)
		return memory[0];
	goto *labels[code[i] & 3];
subtract:
	memory[0] -= memory[2];
	if (++i == count)
		return memory[0];
	goto *labels[code[i] & 3];
mix:
	memory[2] ^= memory[0] + i;
	if (++i == count)
		return memory[0];
	goto *labels[code[i] & 3];
}

/* --- Leaving functions in odd ways --------------------------------------------- */

struct counted {
	int *count;
	explicit counted(int *at) : count(at) {}
	~counted() { ++*count; }
};

static NOINLINE int throw_at(int depth, int *count)
{
	counted guard(count);

	if (depth == 0)
		throw std::runtime_error("x" + std::to_string(*count));
	std::vector<int> values(depth);
	for (int i = 0; i < depth; i++)
		values[i] = i * depth;
	return throw_at(depth - 1, count) + values[depth / 2];
}

static NOINLINE int jump_at(jmp_buf *target, int depth, int *memory)
{
	memory[depth & 7] += depth;
	if (depth < 0)
		return 0;
	if (depth == 0)
		longjmp(*target, memory[3] | 1);
	return jump_at(target, depth - 1, memory) + 1;
}

static NOINLINE long leave_in_ways(uint32_t *seed)
{
	volatile int caught = 0;
	int count = 0;
	int memory[8] = {};
	jmp_buf target;

	try {
		throw_at(next_value(seed) % 20, &count);
	} catch (const std::exception &error) {
		caught = caught + (error.what()[0] == 'x');
	}
	if (setjmp(target) == 0)
		jump_at(&target, next_value(seed) % 30, memory);
	return caught + count + memory[1];
}

/* --- Instructions ----------------------------------------------------------------- */

/* memmove by hand, upwards or downwards, then a search. */
static NOINLINE long copy_strings(unsigned char *buffer, size_t size, uint32_t *seed)
{
	unsigned char *to = buffer + size, *from = buffer;
	size_t count = size;
	size_t left = 2 * size;
	const unsigned char *at = buffer;

	for (size_t i = 0; i < size; i++)
		buffer[i] = (unsigned char)next_value(seed);
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
	to = buffer + 2 * size - 1, from = buffer + size - 1, count = size / 2;
	__asm__ volatile("std\n\trep movsb\n\tcld"
			 : "+D"(to), "+S"(from), "+c"(count)
			 :
			 : "memory");
	unsigned char wanted = buffer[size + 3];
	__asm__ volatile("repne scasb" : "+D"(at), "+c"(left) : "a"(wanted) : "memory", "cc");
	return (at - buffer) * 257 + (long)left + (long)(to - buffer);
}

/* Below the stack pointer, as it calls nothing. */
static NOINLINE long use_red_zone(const long *values, int count)
{
	long last[12] = {};

	for (int i = 0; i < count; i++) {
		last[i % 12] += values[i];
		last[(i * 5) % 12] ^= last[i % 12];
	}
	return last[0] + last[5] * 3 + last[11];
}

static NOINLINE double use_vectors(const double *a, const float *b, double *into, int count)
{
	double sum = 0;

	for (int i = 0; i < count; i++)
		into[i] = a[i] * b[i] + into[i] / 3;
	for (int i = 0; i < count; i++)
		sum += into[i];
	return sum;
}

static NOINLINE long add_arguments(int count, ...)
{
	va_list list;
	long sum = 0;

	va_start(list, count);
	for (int i = 0; i < count; i++)
		sum += i % 3 == 2 ? (long)va_arg(list, double) : va_arg(list, long);
	va_end(list);
	return sum;
}

static NOINLINE long use_variable_frame(size_t size, uint32_t *seed)
{
	long values[size];
	long sum = 0;

	for (size_t i = 0; i < size; i++)
		values[i] = next_value(seed);
	std::sort(values, values + size);
	for (size_t i = 1; i < size; i++)
		sum += (values[i] - values[i - 1]) * (long)i;
	return sum;
}

struct packed {
	char tag;
	uint32_t number;
	uint16_t half;
	unsigned bits : 5, more : 11;
	uint64_t wide;
} __attribute__((packed));

static NOINLINE long use_odd_places(struct packed *values, int count)
{
	long sum = 0;

	for (int i = 0; i < count; i++) {
		values[i].number += i * 7u;
		values[i].half ^= (uint16_t)values[i].number;
		values[i].bits += 3;
		values[i].more -= 1;
		values[i].wide += values[i].number * 5ull;
		sum += (long)values[i].wide + values[i].bits + values[i].tag;
	}
	return sum;
}

/* --- Together ------------------------------------------------------------------- */

static thread_local volatile long signals_here;
static long handled[64];

static void handle_signal(int)
{
	int saved = errno;

	signals_here = signals_here + 1;
	for (int i = 0; i < 64; i++)
		__atomic_fetch_add(&handled[i * 7 % 64], i, __ATOMIC_RELAXED);
	errno = saved;
}

static unsigned long do_work(uint32_t seed)
{
	unsigned char program[512];
	struct machine machine = {{1, 2, 3, 4, 5, 6, 7, 8}, program};
	long memory[3] = {1, 2, 3};
	std::vector<unsigned char> buffer(600);
	std::vector<long> values(100);
	std::vector<double> a(37), into(37);
	std::vector<float> b(37);
	std::vector<packed> odd(11);
	std::map<int, std::string> words;
	unsigned long sum = 0;

	for (unsigned char &byte : program)
		byte = (unsigned char)next_value(&seed);
	for (int round = 0; round < ROUNDS; round++) {
		sum = sum * 31 + (unsigned long)interpret_code(&machine, 500);
		sum = sum * 31 + (unsigned long)thread_code(program, 500, memory);
		sum = sum * 31 + (unsigned long)leave_in_ways(&seed);
		sum = sum * 31 + (unsigned long)copy_strings(buffer.data(), 250, &seed);
		for (size_t i = 0; i < values.size(); i++)
			values[i] += next_value(&seed);
		sum = sum * 31 + (unsigned long)use_red_zone(values.data(), (int)values.size());
		for (size_t i = 0; i < a.size(); i++) {
			a[i] = next_value(&seed) % 1000;
			b[i] = (float)(next_value(&seed) % 100);
		}
		sum += (unsigned long)use_vectors(a.data(), b.data(), into.data(), (int)a.size());
		sum += (unsigned long)add_arguments(7, 1L, 2L, a[3], 4L, 5L, a[6], values[7]);
		sum = sum * 31 +
		      (unsigned long)use_variable_frame(20 + next_value(&seed) % 50, &seed);
		sum = sum * 31 + (unsigned long)use_odd_places(odd.data(), (int)odd.size());
		words[(int)(next_value(&seed) % 50)] += "ab";
		std::ostringstream text;
		text << words.size() << ' ' << a[5] << ' ' << std::hex << sum;
		sum += std::hash<std::string>()(text.str()) & 0xff;
	}
	return sum;
}

static void *run_case(void *seed)
{
	unsigned long sum = do_work((uint32_t)(uintptr_t)seed);

	pthread_mutex_lock(&lock);
	shared_sum += sum;
	pthread_mutex_unlock(&lock);
	return NULL;
}

int main()
{
	unsigned long alone = do_work(1) + do_work(2);
	struct sigaction action = {};
	struct itimerval often = {{0, 500}, {0, 500}};
	struct itimerval never = {};
	pthread_t threads[2];

	action.sa_handler = handle_signal;
	action.sa_flags = SA_RESTART;
	CHECK_IS(sigaction(SIGALRM, &action, NULL), 0);
	CHECK_IS(setitimer(ITIMER_REAL, &often, NULL), 0);
	for (uintptr_t i = 0; i < 2; i++)
		threads[i] = guest_start(run_case, (void *)(i + 1));
	for (pthread_t thread : threads)
		guest_join(thread);
	CHECK_IS(setitimer(ITIMER_REAL, &never, NULL), 0);
	CHECK_IS(shared_sum, alone);
	printf("%lx\n", shared_sum);
	return guest_passed();
}
