// RULES, 'Happens-before': what Rust's library orders.  Its locks are futexes of
// its own, compiled into the program.  Safe Rust has no data races; those here are
// made with raw memory.  Each case is a module; see cases.h for the rest.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{mpsc, Arc, Barrier, Condvar, Mutex, Once, OnceLock, RwLock};
use std::thread;

/// A datum that any thread may update, as C would have it.
pub struct Datum(UnsafeCell<i64>);

unsafe impl Sync for Datum {}

impl Datum {
    pub const fn new() -> Datum {
        Datum(UnsafeCell::new(0))
    }

    #[inline(always)]
    pub fn update(&self) {
        unsafe { *self.0.get() += 1 }
    }

    /// Says that it is read, so that the compiler does not drop what is written to it.
    pub fn keep(&self) {
        std::hint::black_box(self.0.get());
    }
}

/// Both begin when both are there: else the library's own counting of threads
/// would order one that has ended with one that begins.
fn run_two(first: impl FnOnce() + Send, second: impl FnOnce() + Send) {
    let start = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            start.wait();
            first();
        });
        scope.spawn(|| {
            start.wait();
            second();
        });
    });
}

/// A module with a datum, an update of it, and a body that uses both.
macro_rules! case {
    ($name:ident, $body:block) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            static DATUM: Datum = Datum::new();

            #[inline(never)]
            fn update() {
                DATUM.update();
            }

            pub fn case() {
                let _: fn() = update;
                $body
                DATUM.keep();
            }
        }
    };
}

case!(nothing, { run_two(update, update) });

case!(mutex, {
    let lock = Mutex::new(());
    let locked = || {
        let _guard = lock.lock().unwrap();
        update();
    };
    run_two(locked, locked);
});

case!(mutex_contents, {
    let sum = Arc::new(Mutex::new(0));
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let sum = sum.clone();
            thread::spawn(move || {
                for _ in 0..50 {
                    *sum.lock().unwrap() += 1;
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(*sum.lock().unwrap(), 100);
});

case!(rwlock, {
    let lock = RwLock::new(());
    run_two(
        || {
            let _guard = lock.write().unwrap();
            update();
        },
        || {
            let _guard = lock.read().unwrap();
            update();
        },
    );
});

// One reader's unlock is an atomic step of the word that the next one's lock is a
// step of, too; so both must be inside.
case!(rwlock_readers, {
    let lock = RwLock::new(());
    let both_inside = Barrier::new(2);
    let reader = || {
        let _guard = lock.read().unwrap();
        both_inside.wait();
        update();
    };
    run_two(reader, reader);
});

case!(channel, {
    let (sender, receiver) = mpsc::channel();
    run_two(
        move || {
            update();
            sender.send(5).unwrap();
        },
        move || {
            receiver.recv().unwrap();
            update();
        },
    );
});

case!(channel_bounded, {
    let (sender, receiver) = mpsc::sync_channel(1);
    run_two(
        move || {
            for i in 0..20 {
                sender.send(vec![i; 10]).unwrap();
            }
        },
        move || {
            for i in 0..20 {
                assert_eq!(receiver.recv().unwrap()[9], i);
            }
        },
    );
});

// Both ends live on until both have updated: their ends are atomic steps, which the
// other may see.
case!(after_channel, {
    let (sender, receiver) = mpsc::channel();
    let both_updated = Barrier::new(2);
    let updated = &both_updated;
    run_two(
        || {
            sender.send(5).unwrap();
            update();
            updated.wait();
        },
        move || {
            receiver.recv().unwrap();
            update();
            updated.wait();
        },
    );
});

case!(condvar, {
    let gate = (Mutex::new(false), Condvar::new());
    run_two(
        || {
            update();
            *gate.0.lock().unwrap() = true;
            gate.1.notify_one();
        },
        || {
            let open = gate.1.wait_while(gate.0.lock().unwrap(), |open| !*open);
            drop(open.unwrap());
            update();
        },
    );
});

case!(barrier, {
    let barrier = Barrier::new(2);
    run_two(
        || {
            update();
            barrier.wait();
        },
        || {
            barrier.wait();
            update();
        },
    );
});

case!(after_barrier, {
    let barrier = Barrier::new(2);
    let meets = || {
        barrier.wait();
        update();
    };
    run_two(meets, meets);
});

case!(once, {
    let once = Once::new();
    let value = OnceLock::new();
    let uses = || {
        once.call_once(update);
        assert_eq!(*value.get_or_init(|| 7), 7);
    };
    run_two(uses, uses);
});

case!(park, {
    let flag = AtomicBool::new(false);
    thread::scope(|scope| {
        let parked = scope.spawn(|| {
            while !flag.load(Ordering::Acquire) {
                thread::park();
            }
            update();
        });
        update();
        flag.store(true, Ordering::Release);
        parked.thread().unpark();
    });
});

case!(atomic_flag, {
    let flag = AtomicBool::new(false);
    run_two(
        || {
            update();
            flag.store(true, Ordering::Release);
        },
        || {
            while !flag.load(Ordering::Acquire) {
                thread::yield_now();
            }
            update();
        },
    );
});

case!(atomic_counter, {
    let counter = AtomicI64::new(0);
    let adds = || {
        counter.fetch_add(1, Ordering::Relaxed);
    };
    run_two(adds, adds);
    assert_eq!(counter.load(Ordering::Relaxed), 2);
});

case!(arc, {
    let owner = Arc::new(vec![1, 2, 3]);
    let another = owner.clone();
    run_two(
        move || assert_eq!(owner[2], 3),
        move || assert_eq!(another[0], 1),
    );
});

case!(join, {
    for _ in 0..2 {
        update();
        thread::spawn(update).join().unwrap();
        update();
    }
});

case!(unjoined, {
    let thread = thread::spawn(update);
    update();
    thread.join().unwrap();
});

macro_rules! cases {
    ($($name:ident $expected:literal,)*) => {
        &[$((stringify!($name), $expected, $name::case)),*]
    };
}

const CASES: &[(&str, &str, fn())] = cases! {
    nothing "lost-update:error",
    mutex "silent",
    mutex_contents "silent",
    rwlock "silent",
    rwlock_readers "lost-update:error",
    channel "silent",
    channel_bounded "silent",
    after_channel "lost-update:error",
    condvar "silent",
    barrier "silent",
    after_barrier "lost-update:error",
    once "silent",
    park "silent",
    atomic_flag "silent",
    atomic_counter "silent",
    arc "silent",
    join "silent",
    unjoined "lost-update:error",
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    for (name, expected, run) in CASES {
        if arguments.len() == 1 && arguments[0] == "--list" {
            println!("{name} {expected}");
        } else if arguments.is_empty() || arguments.iter().any(|argument| argument == name) {
            run();
        }
    }
}
