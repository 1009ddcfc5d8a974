//! What a terminal can show: colour and a progress bar, or neither.

use std::ffi::OsStr;
use std::io::IsTerminal;

use anstyle::{AnsiColor, Style};

use super::Status;

/// What a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Colours and bold type.
    pub colour: bool,
    /// A progress bar on standard error.
    pub bar: bool,
}

impl Look {
    /// Neither colour nor bar: for pipes and files.
    pub const PLAIN: Self = Self { colour: false, bar: false };

    /// Looks at where standard output and standard error go, and at `NO_COLOR` and `TERM`.
    #[must_use]
    pub fn detect() -> Self {
        Self::of(
            std::io::stdout().is_terminal(),
            std::io::stderr().is_terminal(),
            std::env::var_os("NO_COLOR").as_deref(),
            std::env::var_os("TERM").as_deref(),
        )
    }

    fn of(out: bool, err: bool, no_color: Option<&OsStr>, term: Option<&OsStr>) -> Self {
        let able = out && term != Some(OsStr::new("dumb"));
        let declined = no_color.is_some_and(|value| !value.is_empty()); // no-color.org: any value but ""
        Self { colour: able && !declined, bar: able && err }
    }

    pub(super) fn bold(self) -> Style {
        self.style(Style::new().bold())
    }

    pub(super) fn dim(self) -> Style {
        self.style(Style::new().dimmed())
    }

    /// The style if colours are shown, else none: nothing is said by colour alone.
    fn style(self, style: Style) -> Style {
        if self.colour { style } else { Style::new() }
    }

    pub(super) fn status(self, status: Status) -> Style {
        let colour = match status {
            Status::Fail | Status::Error => AnsiColor::Red,
            Status::Inconclusive | Status::UnexpectedPass => AnsiColor::Magenta,
            Status::Warn => AnsiColor::Yellow,
            Status::Blocked | Status::Unsupported => AnsiColor::BrightBlack,
            Status::ExpectedFail => AnsiColor::Cyan,
            Status::Pass => AnsiColor::Green,
        };
        self.style(colour.on_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_needs_a_terminal_and_nobody_who_declines() {
        let of = |out, err, no_color: Option<&str>, term: Option<&str>| {
            let look = Look::of(out, err, no_color.map(OsStr::new), term.map(OsStr::new));
            (look.colour, look.bar)
        };
        assert_eq!(of(true, true, None, Some("xterm")), (true, true));
        assert_eq!(of(true, true, Some(""), None), (true, true));
        assert_eq!(of(true, true, Some("1"), None), (false, true));
        assert_eq!(of(true, true, None, Some("dumb")), (false, false));
        assert_eq!(of(false, true, None, None), (false, false));
        assert_eq!(of(true, false, None, None), (true, false));
    }
}
