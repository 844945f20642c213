// parking_lot: locks of one byte or word, whose waiters stand in a table of its own.
//
// crates: parking_lot=0.12
use parking_lot::{Condvar, Mutex, Once, RwLock};
use std::sync::Arc;
use std::thread;

static ONCE: Once = Once::new();
static mut LAZY: u64 = 0;

fn main() {
    let done = Arc::new((Mutex::new(0u64), Condvar::new()));
    let counts = Arc::new(RwLock::new(vec![0u64; 4]));
    let workers: Vec<_> = (0..4)
        .map(|number| {
            let (done, counts) = (done.clone(), counts.clone());
            thread::spawn(move || {
                ONCE.call_once(|| unsafe { LAZY = 7 });
                let mut sum = unsafe { LAZY };
                for i in 0..500u64 {
                    if i % 10 == 0 {
                        counts.write()[number] += 1;
                    } else {
                        sum += counts.read()[number] & 1;
                    }
                    *done.0.lock() += 1;
                }
                done.1.notify_all();
                sum
            })
        })
        .collect();
    {
        let mut seen = done.0.lock();
        while *seen < 2000 {
            done.1.wait(&mut seen);
        }
    }
    for worker in workers {
        worker.join().unwrap();
    }
    println!("{} {:?}", *done.0.lock(), *counts.read());
}
