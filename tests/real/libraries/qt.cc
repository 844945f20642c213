// Qt: signals to objects of other threads, QtConcurrent, futures, shared strings.
//
// needs: /usr/include/x86_64-linux-gnu/qt5/QtConcurrent/QtConcurrent pkg-config
// build: -fPIC $(pkg-config --cflags --libs Qt5Core Qt5Concurrent)
#include <QtConcurrent/QtConcurrent>
#include <QtCore>

#include <cstdio>

static QMutex mutex;
static QWaitCondition condition;
static QReadWriteLock rwlock;
static int locked, written, waited;

static int add_up(const QVector<int> &numbers)
{
	int sum = 0;

	for (int number : numbers)
		sum += number;
	return sum;
}

static void lock_in_turn(int &number)
{
	{
		QMutexLocker locker(&mutex);
		locked++;
		condition.wakeAll();
	}
	if (number % 4 == 0) {
		QWriteLocker locker(&rwlock);
		written++;
	} else {
		QReadLocker locker(&rwlock);
		if (written < 0)
			abort();
	}
	number *= 2;
}

static long run_concurrently()
{
	QVector<int> numbers(200, 1);
	QVector<QFuture<int>> futures;
	long sum = 0;

	QtConcurrent::blockingMap(numbers, lock_in_turn);
	for (int i = 0; i < 20; i++)
		futures.append(QtConcurrent::run(add_up, numbers));
	for (auto &future : futures)
		sum += future.result();
	return sum + QtConcurrent::blockingMappedReduced<int>(
			     numbers, +[](const int &number) { return number + 1; },
			     +[](int &total, const int &number) { total += number; });
}

// Signals of one thread call slots in another, through its queue of events.
static int send_signals()
{
	QThread thread;
	QObject receiver;
	QTimer sender;
	QStringList seen;

	receiver.moveToThread(&thread);
	QObject::connect(&sender, &QObject::objectNameChanged, &receiver,
			 [&](const QString &name) { seen.append(name); });
	thread.start();
	for (int i = 0; i < 100; i++)
		sender.setObjectName(QString("name %1").arg(i));
	QMetaObject::invokeMethod(
		&receiver, [&] { seen.append("last"); }, Qt::BlockingQueuedConnection);
	thread.quit();
	thread.wait();
	return seen.size();
}

static void wait_for_three()
{
	QThread *threads[3];

	for (auto &thread : threads) {
		thread = QThread::create([] {
			QMutexLocker locker(&mutex);
			waited++;
			condition.wakeAll();
		});
		thread->start();
	}
	mutex.lock();
	while (waited < 3)
		condition.wait(&mutex);
	mutex.unlock();
	for (auto *thread : threads) {
		thread->wait();
		delete thread;
	}
}

int main(int argc, char **argv)
{
	QCoreApplication application(argc, argv);
	long sum = run_concurrently();

	wait_for_three();
	printf("%ld %d %d %d\n", sum, locked, send_signals(), waited);
	return 0;
}
