/*
 * The fixed twin of wrong_lock.c: the sum has a lock of its own, and
 * whoever adds to it takes that one.
 */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t page_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t download_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t bytes_sent_lock = PTHREAD_MUTEX_INITIALIZER;
static int page_count, download_count;
static long bytes_sent;

static void *send_page(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&page_lock);
	page_count++;
	pthread_mutex_lock(&bytes_sent_lock);
	bytes_sent += 2000; /* HERE: page */
	pthread_mutex_unlock(&bytes_sent_lock);
	pthread_mutex_unlock(&page_lock);
	return NULL;
}

static void *send_download(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&download_lock);
	download_count++;
	pthread_mutex_lock(&bytes_sent_lock);
	bytes_sent += 90000; /* HERE: download */
	pthread_mutex_unlock(&bytes_sent_lock);
	pthread_mutex_unlock(&download_lock);
	return NULL;
}

int main(void)
{
	pthread_t pages, downloads;

	pthread_create(&pages, NULL, send_page, NULL);
	pthread_create(&downloads, NULL, send_download, NULL);
	pthread_join(pages, NULL);
	pthread_join(downloads, NULL);
	printf("%d page, %d download, %ld bytes\n", page_count, download_count, bytes_sent);
	return 0;
}
