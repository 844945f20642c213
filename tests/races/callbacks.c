/*
 * Threads that the C library makes to call the program back: they know what was done before
 * the call that asked for that, and nothing that was done after it.
 */
#define _GNU_SOURCE
#include <aio.h>
#include <fcntl.h>
#include <netdb.h>
#include <semaphore.h>
#include <signal.h>

#include "cases.h"

struct job {
	int before, after; /* written before and after the call */
	int sum;
	sem_t done;
};

static struct sigevent event_for(struct job *job, void (*call)(union sigval))
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD,
		.sigev_notify_function = call,
		.sigev_value.sival_ptr = job,
	};

	MUST(sem_init(&job->done, 0, 0) == 0);
	return event;
}

static void await(struct job *job)
{
	while (sem_wait(&job->done) != 0)
		MUST(errno == EINTR);
}

static struct aiocb request_for(FILE *file)
{
	static char text[] = "text";

	MUST(file);
	return (struct aiocb){
		.aio_fildes = fileno(file),
		.aio_buf = text,
		.aio_nbytes = sizeof(text),
		.aio_lio_opcode = LIO_WRITE,
	};
}

/* The first case, as this call is to begin all. */
static struct job late_job;

static void late_call(union sigval value)
{
	struct job *job = value.sival_ptr;

	job->sum = job->before + job->after;
	sem_post(&job->done);
}

static void late_case(void)
{
	FILE *file = tmpfile();
	struct aiocb request = request_for(file);

	request.aio_sigevent = event_for(&late_job, late_call);
	late_job.before = 1;
	MUST(aio_write(&request) == 0);
	late_job.after = 1;
	await(&late_job);
	MUST(aio_return(&request) > 0);
	fclose(file);
}

/* From here on accesses are observed, whatever the calls do. */
static void *pass(void *unused)
{
	return unused;
}

static struct job asked_job;

static void asked_call(union sigval value)
{
	struct job *job = value.sival_ptr;

	job->sum += job->before;
	sem_post(&job->done);
}

static void asked_case(void)
{
	FILE *file = tmpfile();
	struct aiocb request = request_for(file);

	request.aio_sigevent = event_for(&asked_job, asked_call);
	run_both(pass, pass, NULL);
	asked_job.before = 1;
	MUST(aio_write(&request) == 0);
	await(&asked_job);
	MUST(aio_return(&request) > 0);
	asked_job.before = 2;
	MUST(aio_read(&request) == 0);
	await(&asked_job);
	MUST(aio_return(&request) >= 0);
	asked_job.before = 3;
	MUST(aio_fsync(O_SYNC, &request) == 0);
	await(&asked_job);
	MUST(aio_return(&request) == 0 && asked_job.sum == 6);
	fclose(file);
}

static struct job listed_job;

static void listed_call(union sigval value)
{
	struct job *job = value.sival_ptr;

	job->sum += job->before;
	sem_post(&job->done);
}

static void listed_case(void)
{
	FILE *file = tmpfile();
	struct aiocb request = request_for(file);
	struct aiocb *requests[] = {NULL, &request};
	struct sigevent event = event_for(&listed_job, listed_call);

	run_both(pass, pass, NULL);
	listed_job.before = 1;
	MUST(lio_listio(LIO_NOWAIT, requests, 2, &event) == 0);
	await(&listed_job);
	MUST(aio_return(&request) > 0);
	listed_job.before = 2;
	request.aio_sigevent = event;
	MUST(lio_listio(LIO_NOWAIT, requests, 2, NULL) == 0);
	await(&listed_job);
	MUST(aio_return(&request) > 0 && listed_job.sum == 3);
	fclose(file);
}

static struct job named_job;

static void named_call(union sigval value)
{
	struct job *job = value.sival_ptr;

	job->sum = job->before;
	sem_post(&job->done);
}

static void named_case(void)
{
	struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST};
	struct gaicb name = {.ar_name = "127.0.0.1", .ar_request = &numeric};
	struct gaicb *names[] = {&name};
	struct sigevent event = event_for(&named_job, named_call);

	run_both(pass, pass, NULL);
	named_job.before = 1;
	MUST(getaddrinfo_a(GAI_NOWAIT, names, 1, &event) == 0);
	await(&named_job);
	MUST(named_job.sum == 1);
	freeaddrinfo(name.ar_result);
}

static const struct race_case cases[] = {
	CASE(late, "data-race:error"),
	CASE(asked, "silent"),
	CASE(listed, "silent"),
	CASE(named, "silent"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
