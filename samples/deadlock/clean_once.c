/*
 * The fixed twin of once.c: load_settings() only loads; that it has
 * done so is logged by a thread that has come out of pthread_once.
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
}

static void *run_service(void *unused)
{
	(void)unused;
	log_line("settings loaded"); /* HERE: logs */
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
