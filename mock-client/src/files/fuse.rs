//! A fuse for tests: the process, or what it does to the disk, ends at a chosen step. A step is everything
//! after which the world outside is another one: a file or a link that is there or gone, a message that was
//! sent or answered.

use std::cell::Cell;

/// How it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blow {
    /// SIGKILL, as the kernel or a watchdog does it.
    Kill,
    /// This step and all later ones fail, in this thread: as if the power had failed.
    Fail,
}

thread_local! {
    static FUSE: Cell<Option<(u32, Blow)>> = const { Cell::new(None) };
    static STEPS: Cell<u32> = const { Cell::new(0) };
}

/// Lets it end at the step of that number, counted from 1 and from now, in this thread. None: never.
pub fn set(fuse: Option<(u32, Blow)>) {
    FUSE.set(fuse);
    STEPS.set(0);
}

/// Steps since the fuse was set.
#[must_use]
pub fn steps() -> u32 {
    STEPS.get()
}

/// One step. True when it must not be made.
pub(crate) fn is_blown() -> bool {
    let step = STEPS.get() + 1;
    STEPS.set(step);
    match FUSE.get() {
        Some((at, Blow::Kill)) if step >= at => kill(),
        Some((at, Blow::Fail)) => step >= at,
        Some((_, Blow::Kill)) | None => false,
    }
}

#[cfg(unix)]
fn kill() -> bool {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    true
}

#[cfg(not(unix))]
fn kill() -> bool {
    std::process::abort()
}
