//! Texts as tokens: what is indexed, and what is sought.
//!
//! A text is decomposed (NFKD: `ﬁ` is `fi`, `Ｐ` is `P`), its marks are taken away (`naïve` is `naive`, `ガ` is `カ`), its letters
//! lowered by way of their capitals (`Straße` is `strasse`, `ς` is `σ`), and what is left recomposed (NFC, for Hangul). Then it is cut
//! into words as Unicode does (UAX #29), so that each ideograph is one, and these at whatever is neither letter nor digit: `can't` is
//! `can t`, `a.b_c` is `a b c`, and a picture is nothing. Of a long token the first [`TOKEN_CHARS_MAX`] characters count. There
//! are no stems and no stop words.
//!
//! A phrase is tokenised the same way: `"can't"` finds `can't`.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::row::BREAK;

/// Of a longer token only so many characters count.
pub const TOKEN_CHARS_MAX: usize = 64;

/// Calls `each` with the text's tokens, in order, until it answers false.
pub(super) fn each_token(text: &str, each: impl FnMut(&str) -> bool) {
    if text.is_ascii() {
        let lower = text.to_ascii_lowercase();
        let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let _ = words.map(cut).all(each);
        return;
    }
    let lower = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        // A capital can lower to a letter and a mark.
        .filter(|c| !is_combining_mark(*c))
        .nfc()
        .collect::<String>();
    let parts = lower.unicode_words().flat_map(|word| word.split(|c: char| !c.is_alphanumeric()));
    let _ = parts.filter(|part| !part.is_empty()).map(cut).all(each);
}

/// The text's tokens, in order.
pub fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    each_token(text, |token| {
        tokens.push(token.to_owned());
        true
    });
    tokens
}

/// What stands where a text was erased from the log.
const ERASED: &str = "[erased]";

/// Appends a text's tokens to a column of words: not past so many bytes, and with a break where there are some already. Of an
/// erased text there are none.
pub(super) fn append(words: &mut String, text: &str, bytes_max: usize) {
    if text == ERASED {
        return;
    }
    let between = format!(" {BREAK} ");
    let mut before = if words.is_empty() { "" } else { between.as_str() };
    each_token(text, |token| {
        let fits = words.len() + before.len() + token.len() <= bytes_max;
        if fits {
            words.push_str(before);
            words.push_str(token);
            before = " ";
        }
        fits
    });
}

fn cut(token: &str) -> &str {
    token.char_indices().nth(TOKEN_CHARS_MAX).map_or(token, |(end, _)| &token[..end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(tokens(text).join(" "), expected, "{text:?}");
    }

    #[test]
    fn case_and_marks_do_not_count() {
        check("Checkout FAILS", "checkout fails");
        check("naïve Café", "naive cafe");
        check("nai\u{308}ve", "naive");
        check("Straße STRASSE", "strasse strasse");
        check("ΣΟΦΌΣ σοφός", "σοφοσ σοφοσ");
        check("İstanbul ISPARTA ısparta", "istanbul isparta isparta");
        check("Ёлка Йод", "елка иод");
        check("đặt hàng", "đat hang");
    }

    #[test]
    fn words_are_cut_where_neither_letter_nor_digit_is() {
        check("can't re-open #42, e-mail: a.b@example.com", "can t re open 42 e mail a b example com");
        check("NullPointerException at com.acme.Pay_Service$1(Pay.java:17)", {
            "nullpointerexception at com acme pay service 1 pay java 17"
        });
        check("0x1F 3.14 1,000 v2.0-rc1", "0x1f 3 14 1 000 v2 0 rc1");
        check("  \t\n", "");
        check("«Ça va»—l’été…", "ca va l ete");
    }

    #[test]
    fn ideographs_are_words_and_other_scripts_are_kept() {
        check("決済エラー", "決 済 エラー");
        check("ガス漏れ", "カス 漏 れ");
        check("결제 오류", "결제 오류");
        check("支付失败 503", "支 付 失 败 503");
        check("ошибка оплаты", "ошибка оплаты");
        check("שגיאה בתשלום", "שגיאה בתשלום");
    }

    #[test]
    fn forms_of_a_letter_are_that_letter_and_pictures_are_nothing() {
        check("ﬁnance ＰＡＹ ①② x²", "finance pay 12 x2");
        check("pay 💳 now 👩‍💻🇩🇪", "pay now");
        check("\u{E000}", "");
    }

    #[test]
    fn a_long_token_is_its_beginning() {
        check(&"a".repeat(1000), &"a".repeat(64));
        check(&"ä".repeat(1000), &"a".repeat(64));
        check(&"ж".repeat(1000), &"ж".repeat(64));
    }

    #[test]
    fn words_are_appended_as_far_as_they_fit() {
        let mut words = String::new();
        append(&mut words, "one two", 100);
        append(&mut words, "...", 100);
        append(&mut words, ERASED, 100);
        append(&mut words, "three four five", 20);
        assert_eq!(words, "one two \u{E000} three");
    }

    proptest! {
        #[test]
        fn tokens_are_letters_and_digits_and_their_own_tokens(text in "\\PC{0,60}") {
            for token in tokens(&text) {
                prop_assert!(!token.is_empty() && token.chars().all(char::is_alphanumeric), "{:?}", token);
                prop_assert!(token.chars().count() <= TOKEN_CHARS_MAX);
                prop_assert!(!token.chars().any(|c| c.is_ascii_uppercase()), "{:?}", token);
                prop_assert_eq!(tokens(&token).concat(), token, "what is found can be sought");
            }
        }

        #[test]
        fn ascii_is_cut_as_all_else_is(text in "[ -~]{0,60}") {
            // A letter that is not ASCII makes it go the other way.
            let mut both = tokens(&format!("{text} ж"));
            prop_assert_eq!(both.pop(), Some("ж".to_owned()));
            prop_assert_eq!(both, tokens(&text));
        }
    }
}
