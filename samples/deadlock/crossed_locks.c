/*
 * Two threads, each waiting for the lock that the other holds (deadlock).
 *
 * What happens: the audio thread holds audio_lock and wants video_lock, the
 * video thread the other way round.  The barrier lets both take their first
 * lock before either tries its second, so this hits on every run.
 *
 * Why: there is no agreed order between the two locks, so nothing rules out
 * a circle of threads that wait for each other.
 *
 * See it: snarl run ./crossed_locks
 * The program is ended at once with status 66; the report shows who holds
 * which lock since where, and who waits for which lock where.
 *
 * Fix: one order for all.  clean_crossed_locks.c takes audio_lock first in
 * both threads (and so they can no longer meet between the two locks).
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
	pthread_mutex_lock(&audio_lock); /* HERE: audio_holds */
	pthread_barrier_wait(&both_are_there);
	pthread_mutex_lock(&video_lock); /* HERE: audio_waits */
	audio_clock = video_clock + 1;
	pthread_mutex_unlock(&video_lock);
	pthread_mutex_unlock(&audio_lock);
	return NULL;
}

static void *play_video(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&video_lock); /* HERE: video_holds */
	pthread_barrier_wait(&both_are_there);
	pthread_mutex_lock(&audio_lock); /* HERE: video_waits */
	video_clock = audio_clock + 1;
	pthread_mutex_unlock(&audio_lock);
	pthread_mutex_unlock(&video_lock);
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
