//! Ends the servers when the process that started them can no longer do so.
//!
//! A shell waits on a pipe whose only writing end this process holds. However the process dies (a crash, SIGKILL, a
//! test binary that ends without running destructors), the kernel closes the pipe, and the shell then ends every
//! server that is still registered and removes the folder if it was a temporary one. `PR_SET_PDEATHSIG` would fire
//! when the *thread* that forked ends, which is not what is meant, and cannot be set without `unsafe`.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use parking_lot::Mutex;

use super::error::Error;

/// $1: the first signal; $2: the folder to remove at the end, or nothing.
const SCRIPT: &str = r#"
trap '' INT TERM HUP QUIT
pids=
while read -r what pid; do
  case $what in
    started) pids="$pids $pid" ;;
    ended) rest=; for p in $pids; do [ "$p" = "$pid" ] || rest="$rest $p"; done; pids=$rest ;;
  esac
done
if [ -n "$pids" ]; then
  kill -CONT $pids 2>/dev/null
  kill -"$1" $pids 2>/dev/null
  n=0
  while kill -0 $pids 2>/dev/null && [ $n -lt 100 ]; do n=$((n + 1)); sleep 0.1; done
  kill -KILL $pids 2>/dev/null
fi
[ -z "$2" ] || rm -rf -- "$2"
"#;

/// The waiting shell. Dropping it removes the temporary folder, and ends what is still registered.
#[derive(Debug)]
pub struct Guardian {
    pipe: Mutex<Option<ChildStdin>>,
    shell: Mutex<Child>,
}

impl Guardian {
    /// Starts the shell. With `remove`, that folder goes with the last server, and servers need not shut down
    /// cleanly; without, they get SIGTERM and ten seconds.
    pub fn start(remove: Option<&Path>) -> Result<Guardian, Error> {
        let signal = if remove.is_some() { "KILL" } else { "TERM" };
        let mut shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "shardgate-guardian", signal])
            .arg(remove.unwrap_or(Path::new("")))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C in a terminal goes to the foreground group; the guardian must outlive that.
            .process_group(0)
            .spawn()
            .map_err(Error::io("/bin/sh"))?;
        let pipe = Mutex::new(shell.stdin.take());
        Ok(Guardian { pipe, shell: Mutex::new(shell) })
    }

    /// From now on process `pid` dies with us.
    pub fn started(&self, pid: u32) {
        self.tell("started", pid);
    }

    /// Process `pid` is gone and waited for: its number may belong to somebody else from now on.
    pub fn ended(&self, pid: u32) {
        self.tell("ended", pid);
    }

    fn tell(&self, what: &str, pid: u32) {
        if let Some(pipe) = self.pipe.lock().as_mut() {
            // A pipe holds far more lines than a cluster has servers; if the shell was killed there is nobody to tell.
            let _ = writeln!(pipe, "{what} {pid}");
        }
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        drop(self.pipe.lock().take());
        let _ = self.shell.lock().wait();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn sleeper() -> Child {
        Command::new("sleep").arg("60").spawn().unwrap()
    }

    #[test]
    fn what_is_still_registered_ends_with_the_pipe() {
        let folder = tempfile::tempdir().unwrap().keep();
        let guardian = Guardian::start(Some(&folder)).unwrap();
        let (mut left, mut released) = (sleeper(), sleeper());
        guardian.started(left.id());
        guardian.started(released.id());
        guardian.ended(released.id());
        // The guardian polls until the process is reaped, so it must be waited for on the side.
        let waiter = std::thread::spawn(move || left.wait().unwrap());
        drop(guardian);
        assert!(!waiter.join().unwrap().success());
        assert!(released.try_wait().unwrap().is_none());
        assert!(!folder.exists());
        released.kill().unwrap();
        released.wait().unwrap();
    }
}
