import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.stream.*;

public class JavaGuest {
	public static void main(String[] arguments) throws Exception {
		ExecutorService pool = Executors.newFixedThreadPool(4);
		AtomicLong total = new AtomicLong();
		Object monitor = new Object();
		long[] guarded = new long[1];
		for (int i = 0; i < 200; i++) {
			final int number = i;
			pool.submit(() -> {
				total.addAndGet(number);
				synchronized (monitor) { guarded[0] += number; }
			});
		}
		pool.shutdown();
		pool.awaitTermination(30, TimeUnit.SECONDS);
		System.out.println(total.get() + " " + guarded[0]);
		System.out.println(IntStream.range(0, 1000000).parallel().mapToLong(n -> n % 7).sum());
		System.gc();
		System.exit(3);
	}
}
