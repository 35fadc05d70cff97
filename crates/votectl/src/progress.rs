//! How far a long task has come: a bar on a terminal, else a line now and then.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Time between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// One task's progress, on standard error.
#[derive(Debug)]
pub(crate) struct Progress {
    name: &'static str,
    bar: ProgressBar,
    shown: Shown,
}

#[derive(Debug)]
enum Shown {
    Bar,
    /// As lines; the last was written then.
    Lines(Mutex<Instant>),
}

impl Progress {
    /// Begins the task `name` of `n_steps` steps; 0 where nobody knows how many there are.
    pub(crate) fn begin(name: &'static str, n_steps: usize) -> Self {
        let n_steps = (n_steps > 0).then_some(n_steps as u64);
        if !std::io::stderr().is_terminal() {
            return Self {
                name,
                bar: ProgressBar::with_draw_target(n_steps, ProgressDrawTarget::hidden()),
                shown: Shown::Lines(Mutex::new(Instant::now())),
            };
        }
        let bar = ProgressBar::with_draw_target(n_steps, ProgressDrawTarget::stderr());
        let template = match n_steps {
            Some(_) => "{prefix:>12} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}",
            None => "{prefix:>12} {spinner} {human_pos} {per_sec}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(name);
        Self {
            name,
            bar,
            shown: Shown::Bar,
        }
    }

    /// One step is done.
    pub(crate) fn step(&self) {
        self.steps(1);
    }

    /// `n` steps are done.
    pub(crate) fn steps(&self, n: usize) {
        self.bar.inc(n as u64);
        if let Shown::Lines(written_at) = &self.shown
            && let Ok(mut written_at) = written_at.lock()
            && written_at.elapsed() >= LINE_EVERY
        {
            *written_at = Instant::now();
            self.line();
        }
    }

    /// Says `text` beside the progress.
    pub(crate) fn say(&self, text: &str) {
        match self.shown {
            Shown::Bar => self.bar.suspend(|| eprintln!("{text}")),
            Shown::Lines(_) => eprintln!("{text}"),
        }
    }

    fn line(&self) {
        let (name, done, pace) = (self.name, self.bar.position(), self.bar.per_sec());
        match self.bar.length() {
            Some(all) => eprintln!("{name}: {done} of {all}, {pace:.0}/s"),
            None => eprintln!("{name}: {done}, {pace:.0}/s"),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        match self.shown {
            Shown::Bar => self.bar.abandon(),
            Shown::Lines(_) => self.line(),
        }
    }
}
