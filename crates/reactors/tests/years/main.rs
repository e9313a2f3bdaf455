//! Simulated years: a team's life through real commands, with a clock that only the story moves on.
//!
//! Everything is as it is served: commands over a log, the projector with its views, the reactors. People do what they may do where each issue stands, at
//! random minutes; what follows by itself is recorded by reactors that are woken, or killed and started again. In the end the log is checked by what it
//! says itself: without anything that was recorded of clocks, the pure function over the whole history must give the same breaches, to the
//! microsecond; and a walk minute by minute along the calendar must find each target used up at its deadline.
//!
//! `SNAGLOG_YEAR_DAYS` says how long a year is (30 by default), `SNAGLOG_YEAR_SEED` with which seed it begins. What fails tells its seed.
#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

mod checks;
mod people;
mod world;

use world::{Kills, Year};

/// How long a year is, and its seed.
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

async fn lived(seed: u64, kills: Kills) -> Year {
    let year = Year::begin(seed, kills).await;
    year.live(setting("SNAGLOG_YEAR_DAYS", 30)).await
}

#[tokio::test(start_paused = true)]
async fn every_breach_of_a_year_is_at_its_exact_second() {
    let seed = setting("SNAGLOG_YEAR_SEED", 17);
    let year = lived(seed, Kills::None).await;
    let told = checks::check(&year).await;
    // A year in which nothing happens shows nothing; of another seed nobody knows what happens.
    if std::env::var_os("SNAGLOG_YEAR_SEED").is_some() {
        return;
    }
    for kind in [
        "SlaAtRiskRecorded",
        "SlaBreachRecorded",
        "SlaBreachCorrected",
        "ClocksRebased",
        "ShiftsPlanned",
        "ShiftsEnded",
        "MarkedInProduction",
        "DeliveryRuleBroken",
        "counted by the minute",
    ] {
        assert!(told.contains_key(kind), "seed {seed}: no {kind} in {told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn killing_the_reactor_at_random_changes_nothing() {
    let seed = setting("SNAGLOG_YEAR_SEED", 18);
    let undisturbed = lived(seed, Kills::None).await;
    let killed = lived(seed, Kills::AtRandom).await;
    assert!(killed.kills() > 10, "seed {seed}: killed only {} times", killed.kills());
    checks::check(&killed).await;
    checks::same(&undisturbed, &killed).await;
}
