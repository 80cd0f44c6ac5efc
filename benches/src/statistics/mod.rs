//! Whether one set of repetitions differs from another, and how sure that is.
//!
//! The ratio of the medians is the figure; the bootstrap says within which interval it would fall
//! in 95 of 100 repeats of the whole measurement. It assumes nothing about how the repetitions are
//! spread, which is why it is used and not a test that wants them normal.

pub mod comparison;

use serde::Serialize;

pub use crate::rounds::median;

/// Fewer repetitions than this on one side give no interval.
pub const REPETITIONS_MIN: usize = 3;
/// Resamples of the bootstrap.
const RESAMPLES: usize = 4_000;
/// Share of the resamples on each side outside of the interval.
const TAIL: f64 = 0.025;
/// The same figures give the same interval, today and tomorrow.
const SEED: u64 = 0x6d63_7072_696e_6730;

/// The ratio of two medians, after by before.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// The ratio.
    pub median: f64,
    /// The lower and the upper end of its 95 % interval, where there are repetitions enough.
    pub interval: Option<[f64; 2]>,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Less, as of time.
    Less,
    /// More, as of throughput.
    More,
}

/// What a ratio means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Better by more than the threshold, all of the interval.
    Faster,
    /// Worse by more than the threshold, all of the interval.
    Slower,
    /// Within the threshold, all of the interval.
    Same,
    /// The interval reaches across the threshold: more or calmer repetitions are needed.
    #[serde(rename = "too noisy")]
    TooNoisy,
}

impl Verdict {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::Same => "same",
            Self::TooNoisy => "too noisy",
        }
    }
}

impl Ratio {
    /// Of what was seen `before` and `after`; none where one side has nothing, or zero.
    pub fn of(before: &[f64], after: &[f64]) -> Option<Self> {
        let ratio = median(after.to_vec()) / median(before.to_vec());
        if !(ratio.is_finite() && ratio > 0.0) {
            return None;
        }
        let enough = before.len().min(after.len()) >= REPETITIONS_MIN;
        Some(Self { median: ratio, interval: enough.then(|| bootstrap(before, after)) })
    }

    /// What it means with a `threshold` such as 0.1. Without an interval a difference beyond the
    /// threshold proves nothing; one within it is taken as none.
    pub fn verdict(&self, threshold: f64, better: Better) -> Verdict {
        let [low, high] = self.interval.unwrap_or([self.median; 2]);
        let (least, most) = (1.0 - threshold, 1.0 + threshold);
        let beyond = |less: Verdict, more: Verdict| match () {
            () if low >= least && high <= most => Verdict::Same,
            () if self.interval.is_none() => Verdict::TooNoisy,
            () if high < least => less,
            () if low > most => more,
            () => Verdict::TooNoisy,
        };
        match better {
            Better::Less => beyond(Verdict::Faster, Verdict::Slower),
            Better::More => beyond(Verdict::Slower, Verdict::Faster),
        }
    }
}

/// The interval of the ratio: medians of both sides drawn anew, with replacement, many times.
fn bootstrap(before: &[f64], after: &[f64]) -> [f64; 2] {
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut drawn = |values: &[f64]| {
        median(values.iter().map(|_| values[random.usize(..values.len())]).collect())
    };
    let mut ratios: Vec<f64> = (0..RESAMPLES).map(|_| drawn(after) / drawn(before)).collect();
    ratios.sort_by(f64::total_cmp);
    let last = ratios.len() - 1;
    [TAIL, 1.0 - TAIL].map(|share| ratios[(share * last as f64).round() as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALM: [f64; 5] = [100.0, 101.0, 99.0, 100.5, 99.5];

    fn scaled(factor: f64) -> Vec<f64> {
        CALM.iter().map(|value| value * factor).collect()
    }

    #[track_caller]
    fn check(before: &[f64], after: &[f64], better: Better, want: Verdict) {
        let ratio = Ratio::of(before, after).expect("figures");
        assert_eq!(ratio.verdict(0.1, better), want, "{before:?}, {after:?}: {ratio:?}");
    }

    #[test]
    fn verdicts_follow_the_interval() {
        check(&CALM, &CALM, Better::Less, Verdict::Same);
        check(&CALM, &scaled(1.05), Better::Less, Verdict::Same);
        check(&CALM, &scaled(1.3), Better::Less, Verdict::Slower);
        check(&CALM, &scaled(0.7), Better::Less, Verdict::Faster);
        check(&CALM, &scaled(1.3), Better::More, Verdict::Faster);
        check(&CALM, &scaled(0.7), Better::More, Verdict::Slower);
        check(&CALM, &scaled(1.1), Better::Less, Verdict::TooNoisy);
        check(&[50.0, 100.0, 150.0], &scaled(1.3), Better::Less, Verdict::TooNoisy);
        check(&[100.0], &[105.0], Better::Less, Verdict::Same);
        check(&[100.0, 100.0], &[200.0, 200.0], Better::Less, Verdict::TooNoisy);
    }

    #[test]
    fn the_interval_holds_the_ratio_and_never_changes() {
        let after = scaled(1.2);
        let ratio = Ratio::of(&CALM, &after).expect("figures");
        let [low, high] = ratio.interval.expect("repetitions enough");
        assert!(low < 1.2 && 1.2 < high && high - low < 0.1, "{ratio:?}");
        assert_eq!(Ratio::of(&CALM, &after), Some(ratio));
        for (before, after) in [(&CALM[..], &[][..]), (&[], &CALM), (&[0.0], &CALM)] {
            assert_eq!(Ratio::of(before, after), None);
        }
    }
}
