// What Qt orders for a program, without a lock of the C library: mutexes, a condition, a
// read-write lock, a semaphore, a pool of threads, a call into another thread.
#include <QtCore>

#include <cstdio>

static QMutex mutex;
static QWaitCondition condition;
static QReadWriteLock rwlock;
static QSemaphore semaphore;
static int total, shared, handed;

struct Worker : QThread {
	void run() override
	{
		for (int i = 0; i < 2000; i++) {
			{
				QMutexLocker locker(&mutex);
				total++;
				condition.wakeAll();
			}
			{
				QWriteLocker locker(&rwlock);
				shared++;
			}
			QReadLocker locker(&rwlock);
			if (shared < 1)
				abort();
		}
	}
};

struct Giver : QThread {
	void run() override
	{
		handed = 9;
		semaphore.release();
	}
};

struct Job : QRunnable {
	QVector<int> numbers = QVector<int>(10, 1);

	void run() override
	{
		QMutexLocker locker(&mutex);
		total += numbers.size();
	}
};

static void run_workers()
{
	Worker workers[3];

	for (auto &worker : workers)
		worker.start();
	mutex.lock();
	while (total < 3000)
		condition.wait(&mutex);
	mutex.unlock();
	for (auto &worker : workers)
		worker.wait();
}

static int call_thread()
{
	QObject object;
	QThread thread;
	QString text("shared");
	int size = 0;

	object.moveToThread(&thread);
	thread.start();
	QMetaObject::invokeMethod(
		&object, [&] { size = text.size(); }, Qt::BlockingQueuedConnection);
	thread.quit();
	thread.wait();
	return size;
}

int main(int argc, char **argv)
{
	QCoreApplication application(argc, argv);
	Giver giver;

	run_workers();
	giver.start();
	semaphore.acquire();
	int seen = handed;
	giver.wait();
	for (int i = 0; i < 30; i++)
		QThreadPool::globalInstance()->start(new Job);
	QThreadPool::globalInstance()->waitForDone();
	printf("%d %d %d %d\n", total, shared, seen, call_thread());
	return 0;
}
