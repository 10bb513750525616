//! `[monitor]`: how servers are watched.

use std::time::Duration;

use super::section::Section;
use crate::backend::options::MonitorOptions;

/// The options; `None`, reported, if something is wrong.
pub(super) fn read(section: &Section<'_>) -> Option<MonitorOptions> {
    const LEAST: Duration = Duration::from_millis(100);
    let default = MonitorOptions::default();
    let interval = section.duration("interval", default.interval, LEAST..=Duration::from_secs(3600));
    let timeout = section.duration("timeout", default.timeout, LEAST..=Duration::from_secs(60));
    let failures = section.integer("failures", default.failures as usize, 1..=1000);
    section.finish();
    Some(MonitorOptions { interval: interval?, timeout: timeout?, failures: failures? as u32 })
}
