//! Flags, as one text lists them: `review+, needinfo?(user-017)`.

/// A flag as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flag {
    /// `review`.
    pub(super) name: String,
    /// `+`, `-`, `?`, or `X` where it was taken away.
    pub(super) status: char,
    /// Of whom it is requested; empty: of nobody in particular.
    pub(super) of: String,
}

/// The flags of a text. What has no status is none, and is left out.
pub(super) fn parse(text: &str) -> Vec<Flag> {
    parts(text).filter_map(one).collect()
}

/// What stands between the commas of a text.
pub(super) fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    let parts = text.split(move |letter| {
        inside = letter == '(' || (inside && letter != ')');
        letter == ',' && !inside
    });
    parts.map(str::trim).filter(|part| !part.is_empty())
}

fn one(text: &str) -> Option<Flag> {
    let (flag, of) = match text.split_once('(') {
        Some((flag, of)) => (flag.trim_end(), of.trim_end_matches(')').trim()),
        None => (text, ""),
    };
    let status = flag.chars().next_back().filter(|status| "+-?X".contains(*status))?;
    let name = flag[..flag.len() - 1].trim();
    (!name.is_empty()).then(|| Flag { name: name.to_owned(), status, of: of.to_owned() })
}

/// Questions that are open, as Snaglog numbers them.
#[derive(Debug, Default)]
pub(super) struct Questions {
    asked: u32,
    open: Vec<(String, u32)>,
}

impl Questions {
    /// False: the same person is asked already.
    pub(super) fn ask(&mut self, of: &str) -> bool {
        if self.open.iter().any(|(person, _)| person == of) {
            return false;
        }
        self.asked += 1;
        self.open.push((of.to_owned(), self.asked));
        true
    }

    /// The number of the question to this person, which is open no longer.
    pub(super) fn answer(&mut self, of: &str) -> Option<u32> {
        let at = self.open.iter().position(|(person, _)| person == of)?;
        Some(self.open.remove(at).1)
    }

    /// Leaving New and Accepted closes all of them.
    pub(super) fn close(&mut self) {
        self.open.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_listed_in_one_text() {
        let written = |text| {
            parse(text).into_iter().map(|flag| format!("{} {} {}", flag.name, flag.status, flag.of)).collect::<Vec<_>>()
        };
        assert_eq!(written("review+, needinfo?(user-017)"), ["review + ", "needinfo ? user-017"]);
        assert_eq!(written("needinfo?"), ["needinfo ? "]);
        assert_eq!(
            written("approval-mozilla-esr45-,needinfo?(Doe, Jane),in-testsuite+"),
            ["approval-mozilla-esr45 - ", "needinfo ? Doe, Jane", "in-testsuite + "]
        );
        assert_eq!(written("review?(cid), reviewX(dot)"), ["review ? cid", "review X dot"]);
        assert_eq!(written(" , +, blocking"), Vec::<String>::new());
        assert_eq!(parts(" , +, blocking").collect::<Vec<_>>(), ["+", "blocking"]);
    }
}
