//! The command line as scripts rely on it: real processes against a real server.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a scenario ends where its helpers can't go on")]

mod calendars;
mod events;
mod exit_codes;
mod help;
mod imported;
mod no_calendars;
mod pipes;
mod policy;
mod readme;
mod refusals;
mod repeats;
mod search;
mod settings;
mod shapes;
mod shifts;
mod sla;
mod texts;
mod watching;
mod work;

/// Runs each line against a shell's server; all must succeed. What they did to issues is then seen by every query.
async fn given(shell: &tests::shell::Shell, lines: &[&str]) {
    let mut token = None;
    for line in lines {
        let on_issue = line.starts_with("issue ") && !line.contains("--json");
        let said =
            shell.run(&if on_issue { format!("{line} --json=consistency_token") } else { (*line).to_owned() }).await;
        assert_eq!(said.code, 0, "{line}: {said:?}");
        if on_issue {
            let answer: serde_json::Value = serde_json::from_str(&said.out).unwrap();
            token = answer["consistency_token"].as_str().map(str::to_owned);
        }
    }
    if let Some(token) = token {
        shell.json(&format!("board PAY --json=project --at-least {token}")).await;
    }
}

/// PAY-1, filed by `carla` of `acme`, with a complete report.
const FILED: &str = "issue file PAY --title Paid-twice --customer acme --channel email --raised-by carla --component checkout \
     --reference mail:77 --steps pay --actual twice --expected once";
const TRIAGED: &str = "issue triage PAY-1 --level 3 --severity sev2";
const ACCEPTED: &str = "issue accept PAY-1";
const RESOLVED: &str = "issue resolve PAY-1 --change 4f2a91c --environment staging --test pays_once";
const VERIFIED: &str = "issue verify PAY-1 --actor carla";
const DEPLOYED: &str = "release deploy PAY 2026.11.1 --change 4f2a91c --issue PAY-1";
const CLOSED: &str = "issue close PAY-1 --release 2026.11.1 --reverified-by olga";
