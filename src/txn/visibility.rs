//! Who may go now: those who open snapshots on several shards, or commits that become visible on one shard after the other.
//! Never both, so that no snapshot shows half of a commit. Any number of the same kind may go at once; whoever comes while
//! the other kind waits stands behind it, so that neither waits for longer than the other's steps take.

use std::collections::VecDeque;

use parking_lot::Mutex;
use tokio::sync::oneshot;

/// What one comes for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Snapshots,
    Commit,
}

#[derive(Debug, Default)]
pub struct Gate(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// What those inside came for; means nothing while there are none.
    purpose: Option<Purpose>,
    inside: usize,
    waiting: [VecDeque<oneshot::Sender<()>>; 2],
}

/// Somebody is inside until this is dropped.
#[derive(Debug)]
#[must_use = "the gate is open to the others as soon as this is dropped"]
pub struct Pass<'a>(&'a Gate);

impl Purpose {
    fn index(self) -> usize {
        match self {
            Purpose::Snapshots => 0,
            Purpose::Commit => 1,
        }
    }

    fn other(self) -> Purpose {
        match self {
            Purpose::Snapshots => Purpose::Commit,
            Purpose::Commit => Purpose::Snapshots,
        }
    }
}

impl Gate {
    /// Waits until nobody is inside for the other purpose. May be given up at any time.
    pub async fn enter(&self, purpose: Purpose) -> Pass<'_> {
        let mut turn = {
            let mut state = self.0.lock();
            let may_join = state.purpose == Some(purpose) && state.waiting[purpose.other().index()].is_empty();
            if state.inside == 0 || may_join {
                state.purpose = Some(purpose);
                state.inside += 1;
                return Pass(self);
            }
            let (admit, turn) = oneshot::channel();
            state.waiting[purpose.index()].push_back(admit);
            Turn { gate: self, turn: Some(turn) }
        };
        // The sender is dropped only after it has sent.
        if let Some(admitted) = turn.turn.as_mut() {
            let _ = admitted.await;
        }
        turn.turn = None;
        Pass(self)
    }

    fn leave(&self) {
        let mut state = self.0.lock();
        state.inside -= 1;
        while state.inside == 0 {
            let Some(left) = state.purpose else { return };
            let next = [left.other(), left].into_iter().find(|one| !state.waiting[one.index()].is_empty());
            let Some(next) = next else { return };
            state.purpose = Some(next);
            let all = std::mem::take(&mut state.waiting[next.index()]);
            // Who has given up is not there any more to take it.
            state.inside = all.into_iter().filter_map(|admit| admit.send(()).ok()).count();
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// Stands in the queue. Who is admitted in the moment of giving up leaves again.
struct Turn<'a> {
    gate: &'a Gate,
    turn: Option<oneshot::Receiver<()>>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(mut turn) = self.turn.take() {
            turn.close();
            if turn.try_recv().is_ok() {
                self.gate.leave();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    fn is_free<F: Future>(entering: std::pin::Pin<&mut F>) -> bool {
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        entering.poll(&mut cx).is_ready()
    }

    #[test]
    fn one_kind_at_a_time_and_the_other_is_next() {
        let gate = Gate::default();
        let mut first = Box::pin(gate.enter(Purpose::Commit));
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        let std::task::Poll::Ready(one) = first.as_mut().poll(&mut cx) else { panic!("nobody is inside") };
        assert!(is_free(std::pin::pin!(gate.enter(Purpose::Commit))), "commits go together");
        let mut snapshot = Box::pin(gate.enter(Purpose::Snapshots));
        assert!(!is_free(snapshot.as_mut()));
        let mut late = Box::pin(gate.enter(Purpose::Commit));
        assert!(!is_free(late.as_mut()), "it would keep the snapshot waiting");
        drop(one);
        assert!(!is_free(late.as_mut()));
        assert!(is_free(snapshot.as_mut()));
        drop(snapshot);
        assert!(is_free(late.as_mut()));
    }

    #[test]
    fn who_gives_up_keeps_nobody_waiting() {
        let gate = Gate::default();
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        let mut first = Box::pin(gate.enter(Purpose::Commit));
        let std::task::Poll::Ready(one) = first.as_mut().poll(&mut cx) else { panic!("nobody is inside") };
        let mut before = Box::pin(gate.enter(Purpose::Snapshots));
        let mut admitted = Box::pin(gate.enter(Purpose::Snapshots));
        assert!(!is_free(before.as_mut()) && !is_free(admitted.as_mut()));
        drop(before);
        drop(one);
        // Admitted, and gone before it has heard of it.
        drop(admitted);
        assert!(is_free(std::pin::pin!(gate.enter(Purpose::Commit))));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nobody_meets_the_other_kind() {
        let gate = Arc::new(Gate::default());
        let inside: Arc<[AtomicUsize; 2]> = Arc::default();
        let visit = |number: u64| {
            let (gate, inside) = (Arc::clone(&gate), Arc::clone(&inside));
            async move {
                let purpose = if number.is_multiple_of(3) { Purpose::Snapshots } else { Purpose::Commit };
                for round in 0..200 {
                    let entering = gate.enter(purpose);
                    let patience = Duration::from_micros(if round % 7 == 0 { 50 } else { 10_000_000 });
                    let Ok(pass) = tokio::time::timeout(patience, entering).await else { continue };
                    inside[purpose.index()].fetch_add(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                    assert_eq!(inside[purpose.other().index()].load(Ordering::SeqCst), 0);
                    inside[purpose.index()].fetch_sub(1, Ordering::SeqCst);
                    drop(pass);
                }
            }
        };
        let visitors: Vec<_> = (0..12).map(|number| tokio::spawn(visit(number))).collect();
        for visitor in visitors {
            visitor.await.expect("no visitor met the other kind");
        }
        assert!(is_free(std::pin::pin!(gate.enter(Purpose::Commit))));
        assert!(is_free(std::pin::pin!(gate.enter(Purpose::Snapshots))));
    }
}
