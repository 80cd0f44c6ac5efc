//! Fixed seeds, in a fixed order; and one that is given.

#![allow(clippy::disallowed_methods, reason = "a seed to repeat comes from the environment")]

use super::{Report, run, transcript};

/// Lets the worlds of all `seeds` run; the first that fails is shown.
fn check(seeds: impl Iterator<Item = u64>) {
    let mut counts = [0; 4];
    for seed in seeds {
        match run(seed) {
            Ok(Report { answers, streams, resumed, forwards, .. }) => {
                for (count, more) in counts.iter_mut().zip([answers, streams, resumed, forwards]) {
                    *count += more;
                }
            }
            Err(failure) => panic!("{failure}"),
        }
    }
    eprintln!("answers, streams, resumed, forwards: {counts:?}");
    assert!(!counts.contains(&0), "worlds in which nothing happens prove nothing: {counts:?}");
}

#[test]
fn seeds_of_the_first_kind() {
    check(0..20);
}

#[test]
fn seeds_of_the_second_kind() {
    check(20..40);
}

#[test]
fn seeds_of_the_third_kind() {
    check(40..60);
}

/// `MCPRING_SIM_SEED=7` runs that world; `MCPRING_SIM_SEED=0..1000` runs a thousand.
#[test]
fn one_seed() {
    let Ok(words) = std::env::var("MCPRING_SIM_SEED") else { return };
    let number = |word: &str| word.parse::<u64>().expect("MCPRING_SIM_SEED is SEED or FIRST..END");
    match words.split_once("..") {
        Some((first, end)) => check(number(first)..number(end)),
        None => match transcript(number(&words)) {
            Ok((report, text)) => eprintln!("{text}{report:?}"),
            Err(failure) => panic!("{failure}"),
        },
    }
}

#[test]
fn the_same_seed_gives_the_same_transcript() {
    for seed in [3, 11, 42] {
        let (first, second) = (transcript(seed), transcript(seed));
        let (first, second) = (first.expect("seen to pass"), second.expect("seen to pass"));
        assert_eq!(first.0, second.0);
        let mut lines = first.1.lines().zip(second.1.lines());
        if let Some((one, other)) = lines.find(|(one, other)| one != other) {
            panic!("seed {seed}: {one:?} and then {other:?}");
        }
        assert_eq!(first.1.len(), second.1.len());
    }
    assert_ne!(run(1).map(|r| r.digest).ok(), run(2).map(|r| r.digest).ok());
}
