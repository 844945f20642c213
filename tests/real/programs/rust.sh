# shows: rustc itself, and a program whose locks are futexes of its own
# needs: rustc
cat >guest.rs <<'END'
use std::sync::{mpsc, Arc, Condvar, Mutex};
use std::thread;

fn main() {
    let total = Arc::new((Mutex::new(0), Condvar::new()));
    let (sender, receiver) = mpsc::channel();
    let workers: Vec<_> = (0..4)
        .map(|number| {
            let (total, sender) = (total.clone(), sender.clone());
            thread::spawn(move || {
                for _ in 0..1000 {
                    *total.0.lock().unwrap() += 1;
                }
                total.1.notify_all();
                sender.send(number).unwrap();
            })
        })
        .collect();
    let mut seen = total.0.lock().unwrap();
    while *seen < 4000 {
        seen = total.1.wait(seen).unwrap();
    }
    drop(seen);
    for worker in workers {
        worker.join().unwrap();
    }
    drop(sender);
    println!("{}", receiver.iter().sum::<i32>());
    println!("{}", thread::spawn(|| std::panic::resume_unwind(Box::new(1))).join().is_err());
    std::process::exit(5);
}
END
$OBSERVE rustc -O guest.rs || exit
$OBSERVE ./guest
