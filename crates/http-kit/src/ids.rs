//! Several ids in one parameter.

use std::str::FromStr;

use crate::Problem;

/// The most ids asked for at once.
const IDS_MAX: usize = 100;

/// The ids in `text`, separated by commas, each once.
///
/// # Errors
/// 422 `invalid_id`, or `too_many_ids` for more than 100.
pub fn parse_ids<Id: FromStr + PartialEq>(text: &str) -> Result<Vec<Id>, Problem> {
    let mut ids = Vec::new();
    let parts = text.split(',').map(str::trim);
    for part in parts.filter(|part| !part.is_empty()) {
        let id: Id = part
            .parse()
            .map_err(|_| Problem::invalid("invalid_id", format!("{part:.50?} is no id.")))?;
        if !ids.contains(&id) {
            ids.push(id);
        }
        if ids.len() > IDS_MAX {
            let detail = format!("At most {IDS_MAX} ids may be asked for at once.");
            return Err(Problem::invalid("too_many_ids", detail));
        }
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;
    use vote_domain::ReviewId;

    #[test]
    fn each_id_is_asked_for_once_and_at_most_a_hundred() {
        let text = |n: u128| Uuid::from_u128(n).to_string();
        let ids: Vec<ReviewId> =
            parse_ids(&format!("{}, {},,{}", text(2), text(1), text(2))).unwrap();
        assert_eq!(ids, [2, 1].map(|n| ReviewId(Uuid::from_u128(n))));
        assert_eq!(parse_ids::<ReviewId>("").unwrap(), []);
        let many = |n| (0..n).map(text).collect::<Vec<_>>().join(",");
        assert_eq!(parse_ids::<ReviewId>(&many(100)).unwrap().len(), 100);
        let code = |text: &str| parse_ids::<ReviewId>(text).unwrap_err().code();
        assert_eq!(code(&many(101)), "too_many_ids");
        assert_eq!(code("x"), "invalid_id");
    }
}
