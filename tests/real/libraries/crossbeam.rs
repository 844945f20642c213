// Crossbeam: channels, queues, work stealing, blocks that its epochs free.
//
// crates: crossbeam=0.8
use crossbeam::channel;
use crossbeam::deque::{Injector, Steal, Stealer, Worker};
use crossbeam::epoch::{self, Atomic, Owned};
use crossbeam::queue::{ArrayQueue, SegQueue};
use std::sync::atomic::Ordering::{AcqRel, Acquire};
use std::sync::Arc;
use std::thread;

fn send() -> u64 {
    let (boxes, taken) = channel::bounded::<Box<u64>>(16);
    let (lists, listed) = channel::unbounded::<Vec<u64>>();
    let senders: Vec<_> = (0..2)
        .map(|number| {
            let (boxes, lists) = (boxes.clone(), lists.clone());
            thread::spawn(move || {
                for i in 0..500 {
                    boxes.send(Box::new(i + number)).unwrap();
                    lists.send(vec![i, number]).unwrap();
                }
            })
        })
        .collect();
    drop((boxes, lists));
    let sum = taken.iter().map(|item| *item).sum::<u64>() + listed.iter().map(|list| list[0]).sum::<u64>();
    for sender in senders {
        sender.join().unwrap();
    }
    sum
}

fn queue() -> u64 {
    let queues = Arc::new((ArrayQueue::new(64), SegQueue::new()));
    let workers: Vec<_> = (0..3)
        .map(|_| {
            let queues = queues.clone();
            thread::spawn(move || {
                let mut sum = 0;
                for i in 0..300u64 {
                    while queues.0.push(Box::new(i)).is_err() {}
                    queues.1.push(Box::new(i));
                    sum += *loop {
                        if let Some(item) = queues.0.pop() {
                            break item;
                        }
                    };
                    sum += *loop {
                        if let Some(item) = queues.1.pop() {
                            break item;
                        }
                    };
                }
                sum
            })
        })
        .collect();
    workers.into_iter().map(|worker| worker.join().unwrap()).sum()
}

fn replace() {
    let current = Arc::new(Atomic::new(Box::new(0u64)));
    let workers: Vec<_> = (0..3)
        .map(|number| {
            let current = current.clone();
            thread::spawn(move || {
                let mut sum = 0;
                for i in 0..1000u64 {
                    let guard = epoch::pin();
                    if (i + number) % 3 == 0 {
                        let old = current.swap(Owned::new(Box::new(i)), AcqRel, &guard);
                        unsafe { guard.defer_destroy(old) };
                    } else {
                        sum += **unsafe { current.load(Acquire, &guard).deref() };
                    }
                }
                sum
            })
        })
        .collect();
    for worker in workers {
        worker.join().unwrap();
    }
}

fn steal() -> u64 {
    let all = Arc::new(Injector::new());
    for i in 0..1000u64 {
        all.push(Box::new(i));
    }
    let own: Vec<Worker<Box<u64>>> = (0..3).map(|_| Worker::new_lifo()).collect();
    let others: Arc<Vec<Stealer<Box<u64>>>> = Arc::new(own.iter().map(|worker| worker.stealer()).collect());
    let workers: Vec<_> = own
        .into_iter()
        .map(|mine| {
            let (all, others) = (all.clone(), others.clone());
            thread::spawn(move || {
                let mut sum = 0;
                'all: loop {
                    while let Some(item) = mine.pop() {
                        sum += *item;
                    }
                    match all.steal_batch_and_pop(&mine) {
                        Steal::Success(item) => {
                            sum += *item;
                            continue;
                        }
                        Steal::Retry => continue,
                        Steal::Empty => {}
                    }
                    for other in others.iter() {
                        match other.steal() {
                            Steal::Success(item) => {
                                sum += *item;
                                continue 'all;
                            }
                            Steal::Retry => continue 'all,
                            Steal::Empty => {}
                        }
                    }
                    return sum;
                }
            })
        })
        .collect();
    workers.into_iter().map(|worker| worker.join().unwrap()).sum()
}

fn main() {
    replace();
    println!("{} {} {}", send(), queue(), steal());
}
