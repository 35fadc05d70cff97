//! What may be written: names, addresses, descriptions, contents. Whatever is refused is
//! refused whole; nothing is cut.

use http_kit::Problem;

/// What is allowed in a field.
struct Field {
    code: &'static str,
    name: &'static str,
    characters: std::ops::RangeInclusive<usize>,
    lines: Lines,
}

#[derive(PartialEq, Eq)]
enum Lines {
    One,
    Many,
}

/// A name: one line of 1 to 200 characters, trimmed.
///
/// # Errors
/// 422 `invalid_name`.
pub(crate) fn name(text: &str) -> Result<String, Problem> {
    parse(
        text,
        &Field {
            code: "invalid_name",
            name: "name",
            characters: 1..=200,
            lines: Lines::One,
        },
    )
}

/// An address: one line of at most 400 characters, trimmed.
///
/// # Errors
/// 422 `invalid_address`.
pub(crate) fn address(text: &str) -> Result<String, Problem> {
    parse(
        text,
        &Field {
            code: "invalid_address",
            name: "address",
            characters: 0..=400,
            lines: Lines::One,
        },
    )
}

/// A description: at most 4,000 characters, trimmed.
///
/// # Errors
/// 422 `invalid_description`.
pub(crate) fn description(text: &str) -> Result<String, Problem> {
    parse(
        text,
        &Field {
            code: "invalid_description",
            name: "description",
            characters: 0..=4_000,
            lines: Lines::Many,
        },
    )
}

/// What a review says: 1 to 10,000 characters, trimmed.
///
/// # Errors
/// 422 `invalid_content`.
pub(crate) fn content(text: &str) -> Result<String, Problem> {
    parse(
        text,
        &Field {
            code: "invalid_content",
            name: "content",
            characters: 1..=10_000,
            lines: Lines::Many,
        },
    )
}

/// How many stars: 1 to 5.
///
/// # Errors
/// 422 `invalid_stars`.
pub(crate) fn stars(number: i64) -> Result<u8, Problem> {
    u8::try_from(number)
        .ok()
        .filter(|stars| (1..=5).contains(stars))
        .ok_or_else(|| Problem::invalid("invalid_stars", "stars must be 1 to 5."))
}

fn parse(text: &str, field: &Field) -> Result<String, Problem> {
    let text = text.trim();
    let (least, most) = (field.characters.start(), field.characters.end());
    let n_characters = text.chars().count();
    if n_characters < *least || n_characters > *most {
        return Err(Problem::invalid(
            field.code,
            format!("{} must have {least} to {most} characters.", field.name),
        ));
    }
    let allowed = |c: char| !c.is_control() || (field.lines == Lines::Many && "\n\r\t".contains(c));
    if !text.chars().all(allowed) {
        return Err(Problem::invalid(
            field.code,
            format!("{} must not have control characters.", field.name),
        ));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_trimmed_and_kept() {
        assert_eq!(name("  Café 東京 🍕 ").unwrap(), "Café 東京 🍕");
        assert_eq!(name(&"ö".repeat(200)).unwrap().chars().count(), 200);
        assert_eq!(address("").unwrap(), "");
        assert_eq!(content("two\n\tlines 👍\r\n").unwrap(), "two\n\tlines 👍");
    }

    #[test]
    fn what_does_not_fit_is_refused_with_the_fields_code() {
        let code = |result: Result<String, Problem>| result.unwrap_err().code();
        for text in [
            "",
            " \n ",
            "a\0b",
            "two\nlines",
            "\u{1b}[31m",
            &"x".repeat(201),
        ] {
            assert_eq!(code(name(text)), "invalid_name", "{text:?}");
        }
        assert_eq!(code(address(&"x".repeat(401))), "invalid_address");
        assert_eq!(code(address("a\tb")), "invalid_address");
        assert_eq!(code(description(&"x".repeat(4_001))), "invalid_description");
        assert_eq!(code(description("\u{7}")), "invalid_description");
        for text in ["", "  ", "\0", &"x".repeat(10_001)] {
            assert_eq!(code(content(text)), "invalid_content");
        }
    }

    #[test]
    fn stars_are_one_to_five() {
        assert_eq!(stars(1).unwrap(), 1);
        assert_eq!(stars(5).unwrap(), 5);
        for number in [0, 6, -1, 256 + 3, i64::MIN, i64::MAX] {
            assert_eq!(stars(number).unwrap_err().code(), "invalid_stars");
        }
    }
}
