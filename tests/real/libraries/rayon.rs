// Rayon: loops, sorting, scopes and joins in its pool of threads.
//
// crates: rayon=1
use rayon::prelude::*;

fn main() {
    let doubled: Vec<u64> = (0..20000u64).into_par_iter().map(|number| number * 2).collect();
    let sum = doubled.par_iter().sum::<u64>();
    let mut sorted = doubled.clone();
    sorted.par_sort_by(|a, b| b.cmp(a));
    rayon::scope(|scope| {
        for chunk in sorted.chunks_mut(1000) {
            scope.spawn(move |_| {
                for number in chunk {
                    *number += 1;
                }
            });
        }
    });
    let (few, rest) =
        rayon::join(|| sorted[..100].iter().sum::<u64>(), || sorted[100..].iter().sum::<u64>());
    println!("{} {} {}", sum, few, rest);
}
