//! An example or two of each command, shown at the end of its help and in its manual page.
//!
//! A line stands below the command that it calls; a test holds each against the command line as it is, and finds the command that has none.

use clap::Command;

const EXAMPLES: &str = r#"
snaglog demo
snaglog demo --keep ./data

snaglog serve --data ./data
snaglog serve --log postgres://localhost/snaglog --listen 127.0.0.1:0 --metrics-addr 127.0.0.1:9464

snaglog log verify --data ./data
snaglog log backup snaglog.backup --data ./data --replace
snaglog log restore snaglog.backup --data ./restored
snaglog log export log.jsonl.zst --data ./data
snaglog log import log.jsonl.zst --data ./copy
snaglog log copy sqlite:data/log.db postgres://localhost/snaglog
snaglog log activate --data ./data
snaglog log activate --data ./data --record 2
snaglog log info --data ./data

snaglog issue file PAY --title "Paid twice" --customer acme --channel email --raised-by carla --component checkout
snaglog issue file PAY --title "Checkout answers 502" --monitor checkout-probe --fingerprint 5xx-checkout
snaglog issue show PAY-1
snaglog issue show PAY-1 --json=state,severity,assignee
snaglog issue list PAY --state accepted --assignee @me
snaglog issue list PAY --order state-longest --limit 10 --json=key,state,title
snaglog issue triage PAY-1 --level 3 --severity sev2
snaglog issue accept PAY-1
snaglog issue resolve PAY-1 --change 4f2a91c --environment staging --test checkout::pays_once
snaglog issue resolve PAY-2 --action "restarted the payment gateway"
snaglog issue verify PAY-1 --confirmed-by carla
snaglog issue close PAY-1 --release 2026.11.1 --reverified-by olga
snaglog issue dismiss PAY-1 --as duplicate --of PAY-2
snaglog issue dismiss PAY-1 --as cannot-reproduce --note "tried in three browsers"
snaglog issue reopen PAY-1 --reason "it happened again"
snaglog issue reject PAY-1 --reason "still paid twice, on slow networks"
snaglog issue assign PAY-1 --to @me
snaglog issue hand-over PAY-1 --team core --reason "it is in the checkout"
snaglog issue return-to-triage PAY-1 --reason "not enough to go on"
snaglog issue severity PAY-1 --to sev1 --reason "all customers have it"
snaglog issue level PAY-1 --to 2 --nature incident
snaglog issue component PAY-1 --to checkout
snaglog issue amend PAY-1 --steps "pay, go back, pay again"
snaglog issue ask PAY-1 --of customer --body "Which browser was it?"
snaglog issue answer PAY-1 --question 1 --body "All of them."
snaglog issue withdraw-question PAY-1 --question 1
snaglog issue comment PAY-1 --body "It is the retry."
snaglog issue comment PAY-1 --body-file notes.txt
snaglog issue watch PAY-1
snaglog issue link PAY-1 caused-by PAY-2
snaglog issue link PAY-1 relates-to bugzilla:446261
snaglog issue workaround PAY-1 --text "Switch retries off."
snaglog issue withdraw-workaround PAY-1 --reason "retries are needed"
snaglog issue delegate PAY-1 --to olga
snaglog issue add-tests PAY-1 --test checkout::pays_once
snaglog issue mark-in-production PAY-1 --release 2026.11.1
snaglog issue withdraw-from-production PAY-1 --reason "rolled back"
snaglog issue cause PAY-1 --release 2026.11.1
snaglog issue rebase-clocks PAY-1 --policy 2 --reason "the contract has changed"
snaglog issue estimate PAY-1 --points 3

snaglog board PAY
snaglog board PAY --team core --group-by severity
snaglog board PAY --column accepted
snaglog board PAY --watch
snaglog inbox PAY --section complete
snaglog people PAY --team core
snaglog people PAY @me
snaglog search PAY paid twice --state closed
snaglog similar PAY-1
snaglog similar PAY --title "Paid two times"
snaglog flow PAY --since 2026-10-01 --by severity
snaglog flow PAY --times --csv
snaglog history PAY-1
snaglog history PAY-1 --as-of r3 --state
snaglog events --project PAY --type IssueFiled
snaglog events --from latest --follow --cloudevents

snaglog project create PAY --name Payments
snaglog project show PAY
snaglog project set-severities PAY severities.json
snaglog project add-component PAY checkout --owner core
snaglog project set-component-owner PAY checkout --owner core
snaglog project add-team PAY core --model combined
snaglog project add-member PAY core dev
snaglog project remove-member PAY core dev
snaglog project member-away PAY core dev --from 2026-12-24 --until 2027-01-02
snaglog project member-back PAY core dev
snaglog project add-product-owner PAY paula
snaglog project remove-product-owner PAY paula
snaglog project add-customer PAY acme --tier gold --person carla
snaglog project add-customer-person PAY acme carl
snaglog project remove-customer-person PAY acme carl
snaglog project self-verification PAY on
snaglog project switch-reactor PAY escalations off

snaglog policy show PAY
snaglog policy list PAY
snaglog policy apply PAY policy.yaml --dry-run
snaglog policy apply PAY policy.yaml --effective-from 2026-12-01
snaglog policy diff PAY policy.yaml
snaglog policy why PAY-1
snaglog policy try PAY policy.yaml --since "6 weeks"

snaglog calendar define PAY calendar.yaml
snaglog calendar list PAY
snaglog calendar show PAY business
snaglog calendar show PAY business --yaml
snaglog calendar holidays import PAY business holidays.ics --dry-run
snaglog calendar compute PAY business --target 4h --from 2026-11-20T16:00:00Z
snaglog calendar between PAY business --from 2026-11-20T16:00:00Z --to 2026-11-23T10:00:00Z

snaglog sla show PAY-1
snaglog sla show PAY-1 --as-of yesterday
snaglog sla explain PAY-1
snaglog sla compliance PAY --by severity --step month
snaglog sla compliance PAY --since 2026-07-01 --until 2026-10-01 --csv
snaglog sla breaches PAY --clock resolve
snaglog sla at-risk PAY
snaglog sla pauses PAY --since 90d
snaglog sla due PAY --watch

snaglog shift on PAY --team core
snaglog shift list PAY
snaglog shift hand-over PAY-1 --to olga
snaglog shift plan PAY-1
snaglog shift end PAY-1

snaglog release deploy PAY 2026.11.1 --change 4f2a91c
snaglog release rollback PAY 2026.11.1
snaglog release show PAY 2026.11.1

snaglog import bugzilla bugs.jsonl --project PAY
snaglog import bugzilla - --project MOZ --create-project --json

snaglog view list
snaglog view parked issues
snaglog view retry issues
snaglog view retry sla project/PAY/PAY
snaglog view skip issues issue/PAY/01890a5d-ac96-774b-bcce-b302099a8057
snaglog view rebuild issues
snaglog view prepare --all --data ./data
snaglog view verify issues --data ./data

snaglog health
snaglog doctor
snaglog config
snaglog completions bash
snaglog man ~/.local/share/man/man1
"#;

/// The command line with its examples.
pub(super) fn add(command: Command) -> Command {
    add_below(command, "")
}

fn add_below(command: Command, above: &str) -> Command {
    let path = format!("{above}{} ", command.get_name());
    let command = command.mut_subcommands(|subcommand| add_below(subcommand, &path));
    let examples: Vec<&str> = of(&path).collect();
    if examples.is_empty() || command.has_subcommands() {
        return command;
    }
    let examples = format!("Examples:\n  {}", examples.join("\n  "));
    let help = match command.get_after_help() {
        Some(rest) => format!("{examples}\n\n{rest}"),
        None => examples,
    };
    command.after_help(help)
}

/// The lines that begin with these words, each with a blank after it.
fn of(path: &str) -> impl Iterator<Item = &'static str> {
    EXAMPLES.lines().filter(move |line| format!("{line} ").starts_with(path))
}

/// The words of a line as a shell sees them; quotes stand around whole words.
#[cfg(test)]
pub(crate) fn words(line: &str) -> Vec<&str> {
    let parts = line.split(['"', '\'']).enumerate();
    parts.flat_map(|(nth, part)| if nth % 2 == 1 { vec![part] } else { part.split_whitespace().collect() }).collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn each_example_is_a_command_line() {
        for line in EXAMPLES.lines().filter(|line| !line.is_empty()) {
            if let Err(error) = Cli::command().try_get_matches_from(words(line)) {
                panic!("{line}: {error}");
            }
        }
    }

    #[test]
    fn each_command_has_an_example() {
        #[track_caller]
        fn check(command: &Command, above: &str) {
            let path = format!("{above}{} ", command.get_name());
            if command.has_subcommands() {
                command.get_subcommands().filter(|one| one.get_name() != "help").for_each(|one| check(one, &path));
            } else {
                assert!(of(&path).next().is_some(), "give {path}an example");
            }
        }
        check(&Cli::command(), "");
    }

    #[test]
    fn help_ends_with_examples() {
        let mut command = add(Cli::command());
        let help = |command: &mut Command| command.render_help().to_string();
        let demo = help(command.find_subcommand_mut("demo").unwrap());
        assert!(demo.ends_with("Examples:\n  snaglog demo\n  snaglog demo --keep ./data\n"), "{demo}");
        let bugzilla = command.find_subcommand_mut("import").unwrap().find_subcommand_mut("bugzilla").unwrap();
        let bugzilla = help(bugzilla);
        assert!(bugzilla.find("\nExamples:") < bugzilla.find("\nThe file:"), "{bugzilla}");
    }
}
