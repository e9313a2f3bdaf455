//! The one admission rule.
