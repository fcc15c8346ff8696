//! Work that falls into many small pieces, on as many threads as there are processors.

/// Fewer pieces than this are not worth a thread.
const FEW: usize = 8;

/// How many of `count` pieces one thread takes.
pub(crate) fn part_of(count: usize) -> usize {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    count.div_ceil(threads).max(FEW)
}

/// `work` for each item, in the items' order.
pub fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    in_parts(items, part_of(items.len()), work)
}

/// `work` for each item on a thread of its own, in the items' order; for few items.
pub(crate) fn each_on_a_thread<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    in_parts(items, 1, work)
}

fn in_parts<T: Sync, R: Send>(items: &[T], part: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    if items.len() <= part {
        return items.iter().map(work).collect();
    }
    let work = &work;
    std::thread::scope(|scope| {
        let threads: Vec<_> = items
            .chunks(part)
            .map(|chunk| scope.spawn(move || chunk.iter().map(work).collect::<Vec<R>>()))
            .collect();
        let mut all = Vec::with_capacity(items.len());
        for thread in threads {
            match thread.join() {
                Ok(results) => all.extend(results),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    })
}
