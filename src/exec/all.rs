//! Waits for several connections of one session at once.

use std::future::poll_fn;
use std::task::Poll;

use futures_util::future::maybe_done;

/// Waits for all futures. Each is polled with the task's own waker, which is the one that an interrupt wakes.
pub(super) async fn all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(|future| Box::pin(maybe_done(future))).collect();
    poll_fn(|cx| {
        let mut is_pending = false;
        for future in &mut running {
            is_pending |= future.as_mut().poll(cx).is_pending();
        }
        if is_pending { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    running.iter_mut().filter_map(|future| future.as_mut().take_output()).collect()
}
