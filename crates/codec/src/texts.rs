//! Free texts as stored, apart from the facts, and what stands for them once they were erased.

use serde::{Deserialize, Serialize};

use crate::words::Str;

/// What stands where a text was erased.
pub const ERASED: &str = "[erased]";

/// The texts of a kind of event.
pub(crate) trait Texts<'a>: Serialize + Deserialize<'a> {
    /// Names of the optional texts that are there: kept with the facts, so that what was said at all outlives what was said.
    fn given(&self) -> Vec<Str<'static>>;

    /// True where there is none: then nothing is stored.
    fn is_empty(&self) -> bool;

    /// What is left of them after erasure.
    fn erased(given: &[Str<'_>]) -> Self;
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident { $($must:ident),* } optional { $($may:ident),* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name<'a> {
            $(#[serde(borrow)]
            pub(crate) $must: $crate::words::Str<'a>,)*
            $(#[serde(borrow, default, skip_serializing_if = "Option::is_none")]
            pub(crate) $may: Option<$crate::words::Str<'a>>,)*
        }

        impl<'a> $crate::texts::Texts<'a> for $name<'a> {
            fn given(&self) -> Vec<$crate::words::Str<'static>> {
                [$((stringify!($may), self.$may.is_some())),*]
                    .into_iter()
                    .filter_map(|(name, given): (&'static str, bool)| given.then_some(name.into()))
                    .collect()
            }

            fn is_empty(&self) -> bool {
                let required: &[&str] = &[$(stringify!($must)),*];
                required.is_empty() $(&& self.$may.is_none())*
            }

            fn erased(given: &[$crate::words::Str<'_>]) -> Self {
                let _ = given;
                Self {
                    $($must: $crate::texts::ERASED.into(),)*
                    $($may: given.iter().any(|name| name.0 == stringify!($may)).then_some($crate::texts::ERASED.into()),)*
                }
            }
        }
    )*};
}
pub(crate) use texts;

/// No texts at all.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoTexts {}

impl Texts<'_> for NoTexts {
    fn given(&self) -> Vec<Str<'static>> {
        Vec::new()
    }

    fn is_empty(&self) -> bool {
        true
    }

    fn erased(_: &[Str<'_>]) -> Self {
        Self {}
    }
}

texts! {
    /// Why something was done, if it was told.
    ReasonV1 {} optional { reason }
    /// What was said.
    TextV1 { text } optional {}
    /// What was said, if it was told.
    OptionalTextV1 {} optional { text }
}
