/*
 * RULES, 'Happens-before': what the kernel orders without descriptors being read; and next to
 * them uses that order nothing.
 */
#include <aio.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases.h"

/* --- System V ------------------------------------------------------------------ */

static int semaphores_set;

static void change_semaphore(int set, unsigned short number, short change)
{
	struct sembuf operation = { number, change, 0 };

	MUST(semop(set, &operation, 1) == 0);
}

HAND_OVER(semaphores, change_semaphore(semaphores_set, 0, 1),
	  change_semaphore(semaphores_set, 0, -1))
HAND_OVER(semaphores_other, change_semaphore(semaphores_set, 1, 1),
	  change_semaphore(semaphores_set, 2, -1))
HAND_OVER(semaphores_empty, change_semaphore(semaphores_set, 3, -1),
	  change_semaphore(semaphores_set, 3, 0))
/* Who takes one of two tells nothing to who takes the other. */
HAND_OVER(semaphores_taken, change_semaphore(semaphores_set, 4, -1),
	  change_semaphore(semaphores_set, 4, -1))

static void await_value(int set, int number, int value)
{
	while (semctl(set, number, GETVAL) != value)
		sched_yield();
}

HAND_OVER(semaphores_set_to, MUST(semctl(semaphores_set, 5, SETVAL, 7) == 0),
	  await_value(semaphores_set, 5, 7))

static int messages_queue, messages_other_queue;

static void put_message(int queue)
{
	struct {
		long type;
		char text[1];
	} message = { 1, "x" };

	MUST(msgsnd(queue, &message, 1, 0) == 0);
}

static void take_message(int queue)
{
	struct {
		long type;
		char text[1];
	} message;

	MUST(msgrcv(queue, &message, 1, 0, 0) == 1);
}

HAND_OVER(messages, put_message(messages_queue), take_message(messages_queue))
HAND_OVER(messages_other, put_message(messages_queue), take_message(messages_other_queue))

static void open_system_v(void)
{
	semaphores_set = semget(IPC_PRIVATE, 6, 0600);
	messages_queue = msgget(IPC_PRIVATE, 0600);
	messages_other_queue = msgget(IPC_PRIVATE, 0600);
	MUST(semaphores_set >= 0 && messages_queue >= 0 && messages_other_queue >= 0);
	change_semaphore(semaphores_set, 2, 1);
	change_semaphore(semaphores_set, 3, 1);
	change_semaphore(semaphores_set, 4, 2);
	put_message(messages_other_queue);
}

static void close_system_v(void)
{
	semctl(semaphores_set, 0, IPC_RMID);
	msgctl(messages_queue, IPC_RMID, NULL);
	msgctl(messages_other_queue, IPC_RMID, NULL);
}

/* --- Locks of files ------------------------------------------------------------- */

struct file {
	int in, out;
};

static struct file file_lock_file, file_closed_file, file_other_first, file_other_second;
static struct file file_part_file;

/* The same file, opened twice. */
static void open_file(struct file *file)
{
	char path[] = "/tmp/races-XXXXXX";

	file->out = mkstemp(path);
	file->in = open(path, O_RDWR);
	MUST(file->in >= 0 && file->out >= 0);
	unlink(path);
}

static void lock_part(int descriptor, int command, short type)
{
	struct flock part = { .l_type = type, .l_whence = SEEK_SET, .l_len = 1 };

	MUST(fcntl(descriptor, command, &part) == 0);
}

HAND_OVER(file_lock, MUST(flock(file_lock_file.out, LOCK_UN) == 0),
	  MUST(flock(file_lock_file.in, LOCK_EX) == 0))
HAND_OVER(file_closed, close(file_closed_file.out),
	  MUST(flock(file_closed_file.in, LOCK_EX) == 0))
HAND_OVER(file_other, MUST(flock(file_other_first.out, LOCK_UN) == 0),
	  MUST(flock(file_other_second.in, LOCK_EX) == 0))
HAND_OVER(file_part, lock_part(file_part_file.out, F_OFD_SETLK, F_UNLCK),
	  lock_part(file_part_file.in, F_OFD_SETLKW, F_WRLCK))

static void open_files(void)
{
	open_file(&file_lock_file);
	open_file(&file_closed_file);
	open_file(&file_other_first);
	open_file(&file_other_second);
	open_file(&file_part_file);
	MUST(flock(file_lock_file.out, LOCK_EX) == 0);
	MUST(flock(file_closed_file.out, LOCK_EX) == 0);
	MUST(flock(file_other_first.out, LOCK_EX) == 0);
	lock_part(file_part_file.out, F_OFD_SETLK, F_WRLCK);
}

/* --- Children, and requests to the C library --------------------------------------- */

static void make_child(void)
{
	if (fork() == 0)
		_exit(0);
}

static void await_child(void)
{
	while (wait(NULL) < 0)
		sched_yield();
}

HAND_OVER(child, make_child(), await_child())

static struct aiocb request_block;

static void make_request(void)
{
	MUST(aio_read(&request_block) == 0);
}

static void await_request(void)
{
	const struct aiocb *all[] = { &request_block };

	/* Until it is made, it is none, and done. */
	while (aio_suspend(all, 1, NULL) != 0 || aio_return(&request_block) != 1)
		sched_yield();
}

HAND_OVER(request, make_request(), await_request())

static void open_request(void)
{
	static char byte;

	request_block.aio_fildes = open("/dev/zero", O_RDONLY);
	request_block.aio_buf = &byte;
	request_block.aio_nbytes = 1;
}

static const struct race_case cases[] = {
	CASE(semaphores, "silent"),
	CASE(semaphores_other, "lost-update:error"),
	CASE(semaphores_empty, "silent"),
	CASE(semaphores_taken, "lost-update:error"),
	CASE(semaphores_set_to, "silent"),
	CASE(messages, "silent"),
	CASE(messages_other, "lost-update:error"),
	CASE(file_lock, "silent"),
	CASE(file_closed, "silent"),
	CASE(file_other, "lost-update:error"),
	CASE(file_part, "silent"),
	CASE(child, "silent"),
	CASE(request, "silent"),
};

int main(int argc, char **argv)
{
	int status;

	open_system_v();
	open_files();
	open_request();
	status = RUN_CASES(cases, argc, argv);
	close_system_v();
	return status;
}
