/*
 * The fixed twin of crossed_locks.c: audio_lock first in both threads.
 *
 * The barrier stands before the first lock now: once both threads agree on the
 * order, they can no longer both be between their two locks.
 */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t audio_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t video_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both_are_there;
static int audio_clock, video_clock;

static void *play_audio(void *unused)
{
	(void)unused;
	pthread_barrier_wait(&both_are_there);
	pthread_mutex_lock(&audio_lock); /* HERE: audio_holds */
	pthread_mutex_lock(&video_lock); /* HERE: audio_waits */
	audio_clock = video_clock + 1;
	pthread_mutex_unlock(&video_lock);
	pthread_mutex_unlock(&audio_lock);
	return NULL;
}

static void *play_video(void *unused)
{
	(void)unused;
	pthread_barrier_wait(&both_are_there);
	pthread_mutex_lock(&audio_lock); /* HERE: video_waits */
	pthread_mutex_lock(&video_lock); /* HERE: video_holds */
	video_clock = audio_clock + 1;
	pthread_mutex_unlock(&video_lock);
	pthread_mutex_unlock(&audio_lock);
	return NULL;
}

int main(void)
{
	pthread_t audio, video;

	pthread_barrier_init(&both_are_there, NULL, 2);
	pthread_create(&audio, NULL, play_audio, NULL);
	pthread_create(&video, NULL, play_video, NULL);
	pthread_join(audio, NULL);
	pthread_join(video, NULL);
	pthread_barrier_destroy(&both_are_there);
	printf("played %d frames\n", audio_clock + video_clock);
	return 0;
}
