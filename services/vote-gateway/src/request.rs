//! Fields that several requests have.

use http_kit::Problem;
use serde::Deserialize;
use utoipa::ToSchema;
use vote_domain::{Voter, VoterKind};

/// A voter by their own name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VoterBody {
    /// `member`, or the kind of a partner's voters.
    kind: String,
    /// A member's account id, or the partner's name for the voter.
    id: String,
}

impl VoterBody {
    /// The voter.
    ///
    /// # Errors
    /// 422 `invalid_voter`.
    pub(crate) fn parse(&self) -> Result<Voter, Problem> {
        let kind: Result<VoterKind, _> = self.kind.parse();
        kind.and_then(|kind| Voter::new(kind, &self.id))
            .map_err(|error| Problem::invalid("invalid_voter", format!("voter: {error}.")))
    }
}

/// A text of at most `longest` characters that says something, trimmed.
///
/// # Errors
/// 422 `invalid_body`, which names `field`.
pub(crate) fn text(field: &'static str, text: &str, longest: usize) -> Result<String, Problem> {
    let trimmed = text.trim();
    if trimmed.is_empty() || trimmed.chars().count() > longest {
        return Err(Problem::invalid(
            "invalid_body",
            format!("{field} must be 1 to {longest} characters."),
        ));
    }
    Ok(trimmed.to_owned())
}
