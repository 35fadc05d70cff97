//! The name of a queue of votes.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use uuid::Uuid;

const REVIEWS: &str = "votes.reviews";
const DEAD: &str = "votes.dead";
const CAMPAIGN: &str = "votes.campaign.";

/// One ballot box: the queue its votes wait in, and the routing key that leads there.
/// Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BallotBox(Arc<str>);

impl BallotBox {
    /// The box of all review votes.
    #[must_use]
    pub fn reviews() -> Self {
        Self(REVIEWS.into())
    }

    /// The box of one campaign.
    #[must_use]
    pub fn campaign(campaign: Uuid) -> Self {
        Self(format!("{CAMPAIGN}{campaign}").into())
    }

    /// The last net: messages of any box that were delivered too often. Nothing is
    /// published to it, and it is declared along with every other box.
    #[must_use]
    pub fn dead() -> Self {
        Self(DEAD.into())
    }

    /// The name, as the broker knows it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The campaign whose box this is, if it is one's.
    #[must_use]
    pub fn campaign_id(&self) -> Option<Uuid> {
        self.0.strip_prefix(CAMPAIGN)?.parse().ok()
    }
}

impl fmt::Display for BallotBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name that is no ballot box's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no ballot box is called {0:?}: expected {REVIEWS}, {DEAD} or {CAMPAIGN}<id>")]
pub struct UnknownBallotBox(String);

impl FromStr for BallotBox {
    type Err = UnknownBallotBox;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self(name.into());
        match name {
            REVIEWS | DEAD => Ok(known),
            // Written back, so that one campaign has one name.
            _ => match known.campaign_id() {
                Some(id) if Self::campaign(id) == known => Ok(known),
                _ => Err(UnknownBallotBox(name.to_owned())),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_box_is_found_again_by_its_name() {
        let campaign = Uuid::from_u128(7);
        for ballot_box in [
            BallotBox::reviews(),
            BallotBox::dead(),
            BallotBox::campaign(campaign),
        ] {
            assert_eq!(ballot_box.name().parse(), Ok(ballot_box.clone()));
        }
        assert_eq!(BallotBox::campaign(campaign).campaign_id(), Some(campaign));
        assert_eq!(BallotBox::reviews().campaign_id(), None);
    }

    #[test]
    fn a_name_of_another_form_is_refused() {
        let upper = format!("{CAMPAIGN}{:X}", Uuid::from_u128(u128::MAX));
        for name in ["", "votes", "votes.campaign.", "votes.campaign.7", &upper] {
            assert!(name.parse::<BallotBox>().is_err(), "{name}");
        }
    }
}
