//! Circles of waiting over several servers. InnoDB finds those within one server; what each of them shows of its own waits,
//! joined by the transactions that are on several, shows the others.

use std::collections::{HashMap, HashSet};

/// A connection of a server: the replica set's index, and the server's id of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Thread {
    pub replica_set: u16,
    pub id: u32,
}

/// One transaction on several servers, with the connections that hold its locks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    pub session: u32,
    /// When it began: later ones are larger.
    pub begun: u64,
    pub threads: Vec<Thread>,
}

impl Participant {
    /// Whether one of its connections may wait for another of them.
    pub fn may_wait_for_itself(&self) -> bool {
        let sets: HashSet<u16> = self.threads.iter().map(|thread| thread.replica_set).collect();
        sets.len() < self.threads.len()
    }
}

/// `waiting` waits for a lock that `holding` has, as their server says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Wait {
    pub waiting: Thread,
    pub holding: Thread,
}

/// Who waits: a transaction of ours, or a connection of which nothing more is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Node {
    Session(u32),
    Other(Thread),
}

/// One session of each circle, to be rolled back: the one whose transaction began last. Circles within one server are
/// that server's.
pub fn victims(participants: &[Participant], waits: &[Wait]) -> Vec<u32> {
    let owner = |thread: Thread| {
        let owner = participants.iter().find(|one| one.threads.contains(&thread));
        owner.map_or(Node::Other(thread), |one| Node::Session(one.session))
    };
    let mut edges: HashMap<Node, HashSet<Node>> = HashMap::new();
    for wait in waits {
        let (from, to) = (owner(wait.waiting), owner(wait.holding));
        // A transaction with two connections to a server can wait for itself.
        if wait.waiting != wait.holding {
            edges.entry(from).or_default().insert(to);
        }
    }
    let mut youngest_first: Vec<&Participant> = participants.iter().collect();
    youngest_first.sort_unstable_by_key(|one| std::cmp::Reverse((one.begun, one.session)));
    let mut victims = Vec::new();
    for one in youngest_first {
        let node = Node::Session(one.session);
        // The youngest of all first: of a circle that it is in, it is the youngest.
        if is_in_circle(node, &edges) {
            victims.push(one.session);
            edges.remove(&node);
        }
    }
    victims
}

fn is_in_circle(start: Node, edges: &HashMap<Node, HashSet<Node>>) -> bool {
    let mut seen = HashSet::new();
    let mut open = vec![start];
    while let Some(node) = open.pop() {
        for next in edges.get(&node).into_iter().flatten() {
            if *next == start {
                return true;
            }
            if seen.insert(*next) {
                open.push(*next);
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Session n began at n, and has the connection n on each of three servers.
    fn check(pairs: &[(u16, u32, u32)], wanted: &[u32]) {
        let participant = |session: u32| Participant {
            session,
            begun: u64::from(session),
            threads: (0..3).map(|replica_set| Thread { replica_set, id: session }).collect(),
        };
        let participants: Vec<Participant> = (1..=5).map(participant).collect();
        let thread = |replica_set, id| Thread { replica_set, id };
        let wait = |(set, waiting, holding): &(u16, u32, u32)| Wait {
            waiting: thread(*set, *waiting),
            holding: thread(*set, *holding),
        };
        let waits: Vec<Wait> = pairs.iter().map(wait).collect();
        assert_eq!(victims(&participants, &waits), wanted, "{pairs:?}");
    }

    #[test]
    fn the_youngest_of_each_circle_is_rolled_back() {
        check(&[(0, 1, 2), (1, 2, 1)], &[2]);
        check(&[(0, 1, 4), (1, 4, 3), (2, 3, 1)], &[4]);
        check(&[(0, 1, 2), (1, 2, 1), (0, 3, 5), (0, 5, 4), (0, 4, 3)], &[5, 2]);
        // Two circles that share the youngest.
        check(&[(0, 1, 5), (1, 5, 1), (2, 2, 5), (1, 5, 2)], &[5]);
    }

    #[test]
    fn a_line_is_no_circle() {
        check(&[(0, 1, 2), (1, 2, 3), (2, 5, 3)], &[]);
        check(&[(0, 1, 1)], &[]);
        check(&[], &[]);
    }

    #[test]
    fn a_transaction_that_waits_for_itself_is_a_circle() {
        let thread = |replica_set, id| Thread { replica_set, id };
        let own = |threads: &[Thread]| Participant { session: 1, begun: 1, threads: threads.to_vec() };
        let wait = Wait { waiting: thread(0, 8), holding: thread(0, 7) };
        let twice = own(&[thread(0, 7), thread(0, 8)]);
        assert_eq!(victims(std::slice::from_ref(&twice), &[wait]), [1]);
        assert!(twice.may_wait_for_itself() && !own(&[thread(0, 7), thread(1, 7)]).may_wait_for_itself());
    }

    #[test]
    fn a_circle_may_go_through_connections_that_are_not_ours() {
        check(&[(0, 1, 99), (0, 99, 2), (1, 2, 1)], &[2]);
        // The same id on another server is another connection.
        check(&[(0, 1, 99), (1, 99, 2), (1, 2, 1)], &[]);
    }
}
