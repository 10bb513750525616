//! Ending a transaction as an operator says. What can be known is not overruled: a decision that is there, or that the
//! decider answers and has none, in which case its own part is not kept and commit would leave half. Only where the
//! decider does not answer is the operator obeyed.

use super::Recovery;
use super::ask::{claim, number, written};
use crate::txn::decision::Decision;
use crate::txn::doubt::Report;
use crate::txn::recovery::ending_of;
use crate::txn::xid::{Gtrid, Xid};

impl Recovery {
    /// A report, or why nothing was done.
    pub(super) async fn force(&mut self, gtrid: &Gtrid, wanted: Decision) -> Result<Report, String> {
        if gtrid.owner.cluster() != self.in_flight.options.cluster {
            return Err(format!("{gtrid} is of another cluster: its own ShardGates end it"));
        }
        if self.in_flight.committing(gtrid).is_some() {
            return Err(format!("{gtrid} is being committed by this ShardGate right now"));
        }
        let branches: Vec<(usize, Xid)> = self.seen.keys().filter(|(_, xid)| xid.gtrid == *gtrid).cloned().collect();
        let Some((at, xid)) = branches.first().cloned() else {
            return Err(format!("no server that answers has a prepared branch of {gtrid}"));
        };
        self.refuse_to_contradict(at, &xid, wanted).await?;
        tracing::warn!(transaction = %gtrid, ?wanted, "an operator ends a transaction");
        let mut report = Report::default();
        for (at, xid) in branches {
            match self.carry_out(at, &xid, ending_of(wanted)).await {
                Ok(Some(_)) => report.ended += 1,
                Ok(None) => report.left += 1,
                Err(error) => return Err(format!("{gtrid} on {}: {error}", self.sets[at].set.options.name)),
            }
        }
        Ok(report)
    }

    async fn refuse_to_contradict(&mut self, at: usize, xid: &Xid, wanted: Decision) -> Result<(), String> {
        let is_alone = self.is_alone(at, xid).await.map_err(|error| error.to_string())?;
        let decided = if is_alone { Some(Decision::Alone) } else { self.told_by_decider(xid, wanted).await? };
        match decided {
            Some(decided) if ending_of(decided) != ending_of(wanted) => {
                let words = if decided == Decision::Abort { "ROLLBACK" } else { "COMMIT" };
                Err(format!("{} was decided otherwise: {words} TRANSACTION '{}'", xid.gtrid, xid.gtrid))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// `None` where nobody can tell. An abort is claimed where one is wanted, so that it is one for everybody.
    async fn told_by_decider(&mut self, xid: &Xid, wanted: Decision) -> Result<Option<Decision>, String> {
        let Some(decider) = self.decider_of(xid) else { return Ok(None) };
        let Some(open) = &mut self.sets[decider].open else { return Ok(None) };
        let table = &self.in_flight.table;
        let asked = match wanted {
            Decision::Abort => claim(&mut open.conn, table, &xid.gtrid).await.map(Some),
            Decision::Commit | Decision::Alone => written(&mut open.conn, table, &xid.gtrid).await,
        };
        match asked {
            Ok(Some(decided)) => Ok(Some(decided)),
            Ok(None) => Err(format!(
                "{} was never decided, so that what it wrote on its first shard is not kept: ROLLBACK TRANSACTION '{}'",
                xid.gtrid, xid.gtrid
            )),
            Err(error) if number(&error).is_some() => Err(format!("replica set {} says: {error}", xid.decider)),
            Err(_) => {
                self.sets[decider].open = None;
                Ok(None)
            }
        }
    }
}
