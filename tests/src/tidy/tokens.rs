//! Rust, as tokens: so that a rule sees code inside macros too, and none in comments and strings.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::{Finding, SourceFile};

/// The tokens of a file, or the finding that it has none.
pub(super) fn of(file: &SourceFile) -> Result<TokenStream, Finding> {
    file.text.parse().map_err(|error: proc_macro2::LexError| {
        let line = error.span().start().line;
        Finding::failure(&file.path, line, format!("this is not Rust ({error}): mend it, and ask again"))
    })
}

/// Calls `visit` with each list of tokens: the stream's, and that of every group in it, however deep.
pub(super) fn each_level(stream: TokenStream, visit: &mut impl FnMut(&[TokenTree])) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    visit(&tokens);
    for token in tokens {
        if let TokenTree::Group(group) = token {
            each_level(group.stream(), visit);
        }
    }
}

/// The same tokens without the items that only tests compile (`#[cfg(test)]`, `#[test]`).
pub(super) fn without_tests(stream: TokenStream) -> TokenStream {
    let mut kept = Vec::new();
    let mut tokens = stream.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let attribute = match (&token, tokens.peek()) {
            (TokenTree::Punct(mark), Some(TokenTree::Group(group))) if mark.as_char() == '#' => Some(group.clone()),
            _ => None,
        };
        if attribute.is_some_and(|group| is_for_tests(&group)) {
            // The item that it stands before ends with its body, or with a semicolon.
            tokens.by_ref().skip(1).find(|token| is_body(token) || is_punct(token, ';'));
            continue;
        }
        kept.push(match token {
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), without_tests(group.stream()));
                inner.set_span(group.span());
                TokenTree::Group(inner)
            }
            other => other,
        });
    }
    kept.into_iter().collect()
}

/// Whether it is the group in braces that a body is.
pub(super) fn is_body(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

/// Whether it is this sign.
pub(super) fn is_punct(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

/// The name, where a token is one.
pub(super) fn name(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Ident(ident) => Some(ident.to_string()),
        _ => None,
    }
}

fn is_for_tests(attribute: &Group) -> bool {
    let text: String = attribute.stream().to_string().split_whitespace().collect();
    text == "cfg(test)" || text.starts_with("cfg(all(test,") || text == "test" || text.starts_with("tokio::test")
}
