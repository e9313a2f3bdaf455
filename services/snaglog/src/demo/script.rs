//! What happens in the demonstration: who types what.

/// A part of the story.
pub(super) enum Scene {
    /// What is going on.
    Say(&'static str),
    /// Somebody types a command.
    Do(&'static str, &'static str),
    /// Somebody types a command that a rule refuses.
    Refused(&'static str, &'static str),
}

use Scene::{Do, Refused, Say};

/// Who types, and what.
type Typed = (&'static str, &'static str);

pub(super) const SHOP: &str = "\
Project PAY takes payments for three customers. Four teams look after it: support answers (level 1), operations runs it
(level 2), ledger develops the books (level 3), and checkout owns its part of the stack whole (levels 1 to 3).
Paula speaks for the product.";

pub(super) const SETUP: &[Typed] = &[
    ("paula", "project create PAY --name Payments"),
    ("paula", "project add-team PAY support --model support"),
    ("paula", "project add-team PAY operations --model operations"),
    ("paula", "project add-team PAY ledger --model development"),
    ("paula", "project add-team PAY checkout --model combined"),
    ("paula", "project add-member PAY support sam"),
    ("paula", "project add-member PAY operations olga"),
    ("paula", "project add-member PAY ledger leo"),
    ("paula", "project add-member PAY checkout dana"),
    ("paula", "project add-member PAY checkout dirk"),
    ("paula", "project add-component PAY checkout --owner checkout"),
    ("paula", "project add-component PAY gateway --owner operations"),
    ("paula", "project add-component PAY ledger --owner ledger"),
    ("paula", "project add-component PAY accounts --owner support"),
    ("paula", "project add-product-owner PAY paula"),
    ("paula", "project add-customer PAY acme --tier gold --person carla"),
    ("paula", "project add-customer PAY northwind --tier silver --person nora"),
    ("paula", "project add-customer PAY harbour --tier silver --person henry"),
];

pub(super) const STORY: &[Scene] = &[
    Say("Carla of Acme sees customers charged twice, and files it. (It happened days ago: --occurred-at says when.)"),
    Do(
        "carla",
        r#"issue file PAY --title "Charged twice when the pay button is pressed again" --customer acme --channel email --component checkout --reported-severity sev2 --steps "1. Fill the basket and pay by card. 2. Press Pay again while the page is still waiting." --actual "Both payments are taken, eight seconds apart." --expected "The second press changes nothing." --occurred-at "6d 4h ago""#,
    ),
    Say("Nobody starts work on what nobody has looked at:"),
    Refused("dana", "issue accept PAY-1"),
    Do("sam", r#"issue triage PAY-1 --level 3 --severity sev2 --occurred-at "6d 3h ago""#),
    Do("dana", r#"issue accept PAY-1 --occurred-at "6d ago""#),
    Do(
        "dana",
        r#"issue workaround PAY-1 --text "Support refunds the second charge the same day, from the list in the back office." --occurred-at "5d 22h ago""#,
    ),
    Say("No fix without a regression test:"),
    Refused("dana", "issue resolve PAY-1 --change a41f9c2 --environment staging"),
    Do(
        "dana",
        r#"issue resolve PAY-1 --change a41f9c2 --test checkout::pay_twice_charges_once --environment staging --occurred-at "4d 2h ago""#,
    ),
    Say("Whoever raised it tests it, not whoever fixed it:"),
    Do("carla", r#"issue verify PAY-1 --occurred-at "3d 20h ago""#),
    Do(
        "olga",
        r#"release deploy PAY 2026.47 --environment staging --change a41f9c2 --change 77d01be --occurred-at "3d ago""#,
    ),
    Say("Closed means: it is in production, and was verified there. Staging is not production:"),
    Refused("dana", "issue close PAY-1 --release 2026.47 --reverified-by olga"),
    Do("olga", r#"release deploy PAY 2026.47 --change a41f9c2 --change 77d01be --occurred-at "2d 3h ago""#),
    Do("dana", r#"issue close PAY-1 --release 2026.47 --reverified-by olga --occurred-at "2d 1h ago""#),
];

/// Other issues: what happens, and the lines that make it so.
pub(super) const MEANWHILE: &[(&str, &[Typed])] = &[
    (
        "A monitor finds card payments failing. Operations route around the gateway, restart it, and are done in 40 minutes.",
        &[
            (
                "probe",
                r#"issue file PAY --title "Card gateway answers 503 to every authorisation" --monitor checkout-probe --fingerprint gateway-503 --component gateway --reported-severity sev1 --occurred-at "29h ago""#,
            ),
            ("sam", r#"issue triage PAY-2 --level 2 --severity sev1 --occurred-at "28h 57m ago""#),
            ("olga", r#"issue accept PAY-2 --occurred-at "28h 55m ago""#),
            (
                "olga",
                r#"issue workaround PAY-2 --text "Cards go through the second acquirer." --occurred-at "28h 45m ago""#,
            ),
            (
                "olga",
                r#"issue resolve PAY-2 --action "Restarted the connection pool; raised its limit from 50 to 200." --occurred-at "28h 20m ago""#,
            ),
            ("paula", r#"issue verify PAY-2 --occurred-at "27h ago""#),
            ("olga", r#"issue close PAY-2 --occurred-at "26h ago""#),
        ],
    ),
    (
        "Nora calls about a refund. The first fix does not hold, and comes back.",
        &[
            (
                "nora",
                r#"issue file PAY --title "Refund to an expired card is shown as paid" --customer northwind --channel phone --component ledger --steps "1. Refund an order paid with a card that has expired since. 2. Open the order." --actual "It says Refunded; the bank has sent the money back." --expected "It says Refund failed." --occurred-at "9d ago""#,
            ),
            ("sam", r#"issue triage PAY-3 --level 3 --severity sev3 --occurred-at "8d 22h ago""#),
            ("leo", r#"issue accept PAY-3 --occurred-at "8d ago""#),
            (
                "leo",
                r#"issue resolve PAY-3 --change 0be77a1 --test ledger::refund_to_expired_card --environment staging --occurred-at "5d ago""#,
            ),
            ("nora", r#"issue reject PAY-3 --reason "Debit cards still say Refunded." --occurred-at "30h ago""#),
        ],
    ),
    (
        "A statement lacks its last page. Leo asks which one; Henry answers.",
        &[
            (
                "henry",
                r#"issue file PAY --title "Statement PDF lacks its last page" --customer harbour --channel portal --component ledger --steps "1. Open Statements. 2. Download October." --actual "The file ends after page 3 of 4." --expected "All four pages." --occurred-at "4d ago""#,
            ),
            ("sam", r#"issue triage PAY-4 --level 3 --severity sev3 --occurred-at "3d 22h ago""#),
            ("leo", r#"issue accept PAY-4 --occurred-at "3d ago""#),
            ("leo", r#"issue ask PAY-4 --body "Does September end the same way?""#),
            ("henry", r#"issue answer PAY-4 --body "No. October is the first one with more than 100 payments.""#),
        ],
    ),
    (
        "The product owner finds a wrong sum. The data is corrected, and she confirms it.",
        &[
            (
                "paula",
                r#"issue file PAY --title "Payout report adds euros to pounds" --product-owner --channel ticket --component ledger --steps "1. Open the payout report of 1 November." --actual "One sum over both currencies." --expected "A sum for each currency." --occurred-at "12d ago""#,
            ),
            ("sam", r#"issue triage PAY-5 --level 3 --severity sev2 --occurred-at "11d 20h ago""#),
            ("leo", r#"issue accept PAY-5 --occurred-at "11d ago""#),
            ("leo", r#"issue resolve PAY-5 --correction ledger-fixes/118 --tried-in staging --occurred-at "7d ago""#),
            ("paula", r#"issue verify PAY-5 --occurred-at "33h ago""#),
        ],
    ),
    (
        "A security advisory names a library in use. Checkout has updated it; the security desk has yet to confirm.",
        &[
            (
                "tara",
                r#"issue file PAY --title "TLS library accepts a forged certificate chain" --advisory CVE-2026-48213 --package tls-verify --affected ">=2.1, <2.1.9" --component checkout --occurred-at "3d ago""#,
            ),
            ("sam", r#"issue triage PAY-6 --level 3 --severity sev1 --occurred-at "2d 23h ago""#),
            ("dirk", r#"issue accept PAY-6 --occurred-at "2d 22h ago""#),
            (
                "dirk",
                r#"issue resolve PAY-6 --change 77d01be --test checkout::refuses_a_forged_chain --environment staging --occurred-at "2d 8h ago""#,
            ),
        ],
    ),
    (
        "A question that needs no developer: support explains, and counts what was misunderstood.",
        &[
            (
                "carla",
                r#"issue file PAY --title "Where do we change the account for payouts?" --customer acme --channel chat --component accounts --occurred-at "5h ago""#,
            ),
            ("sam", r#"issue triage PAY-7 --level 1 --severity sev3 --occurred-at "4h 50m ago""#),
            ("sam", r#"issue accept PAY-7 --occurred-at "4h 48m ago""#),
            (
                "sam",
                r#"issue resolve PAY-7 --explanation "Settings, Payouts, Change account; it takes two people." --topic "payout account" --occurred-at "4h 40m ago""#,
            ),
            ("carla", r#"issue verify PAY-7 --occurred-at "4h ago""#),
            ("sam", r#"issue close PAY-7 --occurred-at "3h 50m ago""#),
        ],
    ),
    (
        "The double charge is reported once more, and recognised.",
        &[
            (
                "henry",
                r#"issue file PAY --title "Two charges for one order" --customer harbour --channel phone --component checkout --occurred-at "5d 9h ago""#,
            ),
            ("sam", r#"issue dismiss PAY-8 --as duplicate --of PAY-1 --occurred-at "5d 8h ago""#),
        ],
    ),
    (
        "Slow Mondays: triaged, and waiting for the customer's answer.",
        &[
            (
                "nora",
                r#"issue file PAY --title "Checkout is slow on Monday mornings" --customer northwind --channel portal --component gateway --reported-severity sev2 --occurred-at "4d 6h ago""#,
            ),
            ("sam", r#"issue triage PAY-9 --level 2 --severity sev3 --occurred-at "4d 2h ago""#),
            ("olga", r#"issue ask PAY-9 --body "Between which hours, and for card payments only?""#),
        ],
    ),
    (
        "The settlement file is late. Nobody has looked at it yet.",
        &[(
            "probe",
            r#"issue file PAY --title "Settlement file is 25 minutes late" --monitor settlement-watch --fingerprint settlement-late --component ledger --reported-severity sev2 --occurred-at "35m ago""#,
        )],
    ),
    (
        "The product owner mentions an old address on receipts.",
        &[
            (
                "paula",
                r#"issue file PAY --title "Receipts show the old company address" --product-owner --channel verbal --component checkout --occurred-at "2d 6h ago""#,
            ),
            ("sam", r#"issue triage PAY-11 --level 3 --severity sev3 --occurred-at "2d ago""#),
        ],
    ),
    (
        "Terminals hang. Ledger hands it over to checkout, who take it on.",
        &[
            (
                "henry",
                r#"issue file PAY --title "Terminal stays on Please wait after a refused card" --customer harbour --channel phone --component ledger --reported-severity sev2 --steps "1. Pay at the counter with a card that the bank refuses." --actual "The terminal says Please wait until it is switched off." --expected "It says Refused, and is ready for another card." --occurred-at "27h ago""#,
            ),
            ("sam", r#"issue triage PAY-12 --level 3 --severity sev2 --occurred-at "26h ago""#),
            (
                "leo",
                r#"issue hand-over PAY-12 --team checkout --reason "The ledger never hears of it: the terminal waits for checkout." --occurred-at "9h ago""#,
            ),
            ("dirk", r#"issue accept PAY-12 --occurred-at "7h ago""#),
        ],
    ),
];

pub(super) const NEXT: &str = "\
That server and its folder are gone again. Start one of your own, and leave it running:
  snaglog serve --data ./data

In another terminal:
  snaglog project create PAY --name Payments
  snaglog project add-team PAY checkout --model combined
  snaglog project add-member PAY checkout @me
  snaglog project add-component PAY checkout --owner checkout
  snaglog issue file PAY --title \"Charged twice\" --component checkout
  snaglog issue triage PAY-1 --level 3 --severity sev2
  snaglog board PAY

Bring your own history: snaglog import bugzilla bugs.jsonl --project PAY
Everything else: snaglog --help, snaglog issue --help. The same demonstration, kept: snaglog demo --keep ./demo";

pub(super) const GO_ON: &str = "
In another terminal:
  snaglog board PAY
  snaglog issue show PAY-6
  snaglog issue verify PAY-6 --actor tara
  snaglog history PAY-3";
