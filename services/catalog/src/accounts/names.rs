//! User names.

use http_kit::Problem;

/// The longest name, in bytes.
const BYTES_MAX: usize = 32;

/// A name an account may have: 3 to 32 of ASCII letters, digits, `_`, `.` and `-`.
/// However its letters are spelled, it is one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserName(String);

/// Whether names are made of `byte`.
fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)
}

/// Whether a name may begin with `text`, which may be empty.
pub(crate) fn may_begin_name(text: &str) -> bool {
    text.len() <= BYTES_MAX && text.bytes().all(is_allowed)
}

impl UserName {
    /// The name, if it may be one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let fits = (3..=BYTES_MAX).contains(&text.len()) && text.bytes().all(is_allowed);
        fits.then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// 422 `invalid_user_name`.
pub(crate) fn invalid_user_name() -> Problem {
    Problem::invalid(
        "invalid_user_name",
        "user_name must have 3 to 32 characters: letters a to z, digits, `_`, `.` and `-`.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_3_to_32_plain_characters() {
        for name in ["ada", "Ada_L.1815-", &"x".repeat(32)] {
            assert_eq!(UserName::parse(name).unwrap().as_str(), name);
        }
        for text in [
            "",
            "ab",
            " ada",
            "ada ",
            "a\0a",
            "ad\u{e4}",
            "ada😀",
            "a/b",
            "a b",
            &"x".repeat(33),
        ] {
            assert_eq!(UserName::parse(text), None, "{text:?}");
        }
    }
}
