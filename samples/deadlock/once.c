/*
 * An initialiser that needs what it initialises (deadlock of one thread).
 *
 * What happens: load_settings() runs under pthread_once.  It logs a line, and
 * the logger asks for the settings, so for load_settings() to be finished.
 *
 * Why: 'once' makes everybody wait until the first run is over, also the
 * thread that is in the middle of it.  Lazy initialisers that call far and
 * wide meet themselves in the end; C++ function-local statics do the same.
 *
 * See it: snarl run ./once
 * One stack in which pthread_once stands twice.
 *
 * Fix: an initialiser calls nothing that uses what it makes:
 * clean_once.c logs when the settings are there.
 */
#include <pthread.h>
#include <stdio.h>

static pthread_once_t settings_once = PTHREAD_ONCE_INIT;
static int log_level;

static void load_settings(void);

static int get_log_level(void)
{
	pthread_once(&settings_once, load_settings); /* HERE: once */
	return log_level;
}

static void log_line(const char *line)
{
	if (get_log_level() > 0) /* HERE: logger_asks */
		puts(line);
}

static void load_settings(void)
{
	log_level = 1;
	log_line("settings loaded"); /* HERE: logs */
}

static void *run_service(void *unused)
{
	(void)unused;
	log_line("service started"); /* HERE: begins */
	return NULL;
}

int main(void)
{
	pthread_t service;

	pthread_create(&service, NULL, run_service, NULL);
	pthread_join(service, NULL);
	return 0;
}
