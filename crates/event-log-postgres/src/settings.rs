//! Settings of a server without which it acknowledges what it may lose.

/// What to change, where a server with these settings may lose what it has acknowledged.
pub(crate) fn unsafe_settings(synchronous_commit: &str, fsync: &str, full_page_writes: &str) -> Option<String> {
    let mut wrong = Vec::new();
    if !["on", "remote_apply"].contains(&synchronous_commit) {
        wrong.push(format!("synchronous_commit is {synchronous_commit}: set it to on (or remote_apply)"));
    }
    for (name, value) in [("fsync", fsync), ("full_page_writes", full_page_writes)] {
        if value != "on" {
            wrong.push(format!("{name} is {value}: set it to on"));
        }
    }
    (!wrong.is_empty()).then(|| format!("the server may lose what it acknowledges: {}", wrong.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::unsafe_settings;

    #[test]
    fn settings_that_lose_data_are_named_with_what_to_set() {
        assert_eq!(unsafe_settings("on", "on", "on"), None);
        assert_eq!(unsafe_settings("remote_apply", "on", "on"), None);
        for weaker in ["off", "local", "remote_write"] {
            let told = unsafe_settings(weaker, "on", "on").unwrap();
            assert!(told.contains(&format!("synchronous_commit is {weaker}: set it to on")), "{told}");
        }
        let told = unsafe_settings("on", "off", "off").unwrap();
        assert!(told.contains("fsync is off: set it to on; full_page_writes is off: set it to on"), "{told}");
    }
}
