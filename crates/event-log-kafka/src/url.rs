//! Where a log is: `kafka://broker[:port],broker[:port]/topic[?single-broker][&property=value…]`.
//!
//! What the properties name is librdkafka's: TLS (`security.protocol`, `ssl.*`), SASL (`sasl.*`) and how connections are kept
//! (`broker.*`, `socket.*`, `reconnect.*`, …). What the log's promises rest on can't be set there.

use std::fmt;

use crate::error::OpenError;

/// Properties that may be set, by how they begin.
const PASSED_ON: [&str; 14] = [
    "security.protocol",
    "ssl.",
    "sasl.",
    "enable.ssl.certificate.verification",
    "enable.sasl.oauthbearer.unsecure.jwt",
    "https.",
    "broker.",
    "socket.",
    "reconnect.",
    "connections.max.idle.ms",
    "client.",
    "compression.",
    "metadata.",
    "debug",
];
/// Properties whose values nobody is shown, by what is in their names.
const SECRET: [&str; 4] = ["password", "secret", ".key.pem", "oauthbearer.config"];
const EXPECTED: &str = "give kafka://BROKER[:PORT][,BROKER[:PORT]…]/TOPIC[?single-broker][&PROPERTY=VALUE…]";
/// Kafka's own bound is 249, of which the keys' topic needs five.
const TOPIC_BYTES_MAX: usize = 200;

/// Where a log is.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Location {
    /// `host:port`, separated by commas.
    pub(crate) brokers: String,
    /// The topic of proposals.
    pub(crate) topic: String,
    /// Whether one broker's word is enough.
    pub(crate) single_broker: bool,
    /// librdkafka's properties.
    pub(crate) properties: Vec<(String, String)>,
}

impl Location {
    /// Reads the URL; `password` is `sasl.password`, unless the URL has one.
    pub(crate) fn parse(url: &str, password: Option<&str>) -> Result<Self, OpenError> {
        let invalid = |reason: String| OpenError::Url { reason: format!("{reason}: {EXPECTED}") };
        let rest = url.strip_prefix("kafka://").ok_or_else(|| invalid("it does not begin with kafka://".to_owned()))?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (brokers, topic) = place.split_once('/').ok_or_else(|| invalid("it names no topic".to_owned()))?;
        if brokers.split(',').any(|broker| broker.is_empty() || broker.contains('@')) {
            return Err(invalid("it names no broker, or an empty one".to_owned()));
        }
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if topic.is_empty()
            || topic.len() > TOPIC_BYTES_MAX
            || !topic.bytes().all(legal)
            || topic == "."
            || topic == ".."
        {
            return Err(invalid(format!(
                "a topic is 1 to {TOPIC_BYTES_MAX} letters, digits, dots, dashes or underscores, not {topic:?}"
            )));
        }
        let mut location =
            Self { brokers: brokers.to_owned(), topic: topic.to_owned(), single_broker: false, properties: Vec::new() };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if name == "single-broker" {
                location.single_broker = true;
            } else if PASSED_ON.iter().any(|start| name.starts_with(start)) {
                location.properties.push((name.into_owned(), value.into_owned()));
            } else {
                return Err(invalid(format!("{name} is not a property that can be set")));
            }
        }
        if let Some(password) = password
            && !location.properties.iter().any(|(name, _)| name == "sasl.password")
        {
            location.properties.push(("sasl.password".to_owned(), password.to_owned()));
        }
        Ok(location)
    }

    /// The compacted topic beside it that has the keys.
    pub(crate) fn keys_topic(&self) -> String {
        format!("{}-keys", self.topic)
    }
}

/// Without what is secret.
impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<_> = self
            .properties
            .iter()
            .map(|(name, value)| {
                let secret = SECRET.iter().any(|part| name.contains(part));
                (name.as_str(), if secret { "…" } else { value.as_str() })
            })
            .collect();
        f.debug_struct("Location")
            .field("brokers", &self.brokers)
            .field("topic", &self.topic)
            .field("single_broker", &self.single_broker)
            .field("properties", &shown)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Location;

    #[test]
    fn brokers_topic_and_properties_are_read() {
        let url = "kafka://a:9092,b:9093/issues?single-broker&security.protocol=SASL_SSL&ssl.ca.pem=a%0Ab";
        let location = Location::parse(url, Some("secret")).unwrap();
        assert_eq!((location.brokers.as_str(), location.topic.as_str()), ("a:9092,b:9093", "issues"));
        assert!(location.single_broker);
        let property = |name, value| (String::from(name), String::from(value));
        assert_eq!(
            location.properties,
            [
                property("security.protocol", "SASL_SSL"),
                property("ssl.ca.pem", "a\nb"),
                property("sasl.password", "secret")
            ]
        );
        assert_eq!(location.keys_topic(), "issues-keys");
    }

    #[test]
    fn what_is_not_a_place_is_refused_by_name() {
        for (url, named) in [
            ("http://a/b", "kafka://"),
            ("kafka://a:9092", "no topic"),
            ("kafka:///issues", "no broker"),
            ("kafka://a,,b/issues", "no broker"),
            ("kafka://a/", "a topic is"),
            ("kafka://a/is sues", "a topic is"),
            ("kafka://a/..", "a topic is"),
            ("kafka://a/issues?acks=1", "acks"),
            ("kafka://a/issues?enable.idempotence=false", "enable.idempotence"),
        ] {
            let error = Location::parse(url, None).unwrap_err().to_string();
            assert!(error.contains(named), "{url}: {error}");
        }
    }

    #[test]
    fn nobody_is_shown_a_password() {
        let url = "kafka://a/issues?sasl.username=me&ssl.key.password=hush";
        let shown = format!("{:?}", Location::parse(url, Some("hush")).unwrap());
        assert!(shown.contains("me") && !shown.contains("hush"), "{shown}");
    }
}
