#include <pthread.h>

#include "kernel.h"

#define STEPS 160u

struct body {
	double x, y, z, mass;
	double vx, vy, vz, unused;
};

struct space {
	uint64_t count;
	struct body *bodies;
	pthread_barrier_t barrier;
};

static void add_attraction(const struct space *space, struct body *body)
{
	for (uint64_t i = 0; i < space->count; i++) {
		const struct body *other = &space->bodies[i];
		double x = other->x - body->x;
		double y = other->y - body->y;
		double z = other->z - body->z;
		double square = x * x + y * y + z * z + 1;
		double pull = other->mass / (square * square);

		body->vx += x * pull;
		body->vy += y * pull;
		body->vz += z * pull;
	}
}

static void simulate_part(const struct kernel_part *part)
{
	struct space *space = part->data;
	uint64_t share = space->count / KERNEL_THREADS;
	struct body *first = space->bodies + part->index * share;

	for (unsigned int step = 0; step < STEPS; step++) {
		for (struct body *body = first; body < first + share; body++)
			add_attraction(space, body);
		pthread_barrier_wait(&space->barrier);
		for (struct body *body = first; body < first + share; body++) {
			body->x += body->vx;
			body->y += body->vy;
			body->z += body->vz;
		}
		pthread_barrier_wait(&space->barrier);
	}
}

uint64_t kernel_bodies(uint64_t size)
{
	struct space space = {.count = size / KERNEL_THREADS * KERNEL_THREADS};
	uint64_t state = 1;
	double sum = 0;

	space.bodies = kernel_memory(space.count * sizeof(struct body));
	for (uint64_t i = 0; i < space.count; i++) {
		space.bodies[i].x = (double)(kernel_random(&state) % 1000);
		space.bodies[i].y = (double)(kernel_random(&state) % 1000);
		space.bodies[i].z = (double)(kernel_random(&state) % 1000);
		space.bodies[i].mass = 1;
	}
	pthread_barrier_init(&space.barrier, 0, KERNEL_THREADS);
	kernel_run(simulate_part, &space);
	for (uint64_t i = 0; i < space.count; i++)
		sum += space.bodies[i].x * (double)(i % 7);
	return (uint64_t)sum;
}
