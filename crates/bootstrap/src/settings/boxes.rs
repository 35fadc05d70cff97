//! Which ballot boxes a worker serves, as settings name them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};
use uuid::Uuid;

use super::section::Value;

const REVIEWS: &str = "reviews";
const CAMPAIGNS: &str = "campaigns";

/// Ballot boxes, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boxes(Vec<Name>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Reviews,
    Campaigns,
    Campaign(Uuid),
}

/// A text that names no ballot boxes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no ballot box is called {0:?}: expected {REVIEWS}, {CAMPAIGNS} or a campaign's id")]
pub struct UnknownBox(String);

impl Boxes {
    /// Reviews and every campaign.
    #[must_use]
    pub fn all() -> Self {
        Self(vec![Name::Reviews, Name::Campaigns])
    }

    /// Whether the box of review votes is among them.
    #[must_use]
    pub fn has_reviews(&self) -> bool {
        self.0.contains(&Name::Reviews)
    }

    /// Whether the box of `campaign` is among them.
    #[must_use]
    pub fn has_campaign(&self, campaign: Uuid) -> bool {
        let names = [Name::Campaigns, Name::Campaign(campaign)];
        self.0.iter().any(|name| names.contains(name))
    }

    /// Whether the box of any campaign may be among them.
    #[must_use]
    pub fn has_campaigns(&self) -> bool {
        self.0.iter().any(|name| *name != Name::Reviews)
    }
}

impl FromStr for Boxes {
    type Err = UnknownBox;

    /// Reads names between commas.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let names = text.split(',').map(str::trim).map(|name| match name {
            REVIEWS => Ok(Name::Reviews),
            CAMPAIGNS => Ok(Name::Campaigns),
            _ => match name.parse() {
                Ok(campaign) => Ok(Name::Campaign(campaign)),
                Err(_) => Err(UnknownBox(name.to_owned())),
            },
        });
        names.collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reviews => f.write_str(REVIEWS),
            Self::Campaigns => f.write_str(CAMPAIGNS),
            Self::Campaign(campaign) => campaign.fmt(f),
        }
    }
}

impl fmt::Display for Boxes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(Name::to_string).collect();
        f.write_str(&names.join(", "))
    }
}

impl<'de> Deserialize<'de> for Boxes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl Value for Boxes {
    const KIND: &'static str = "names between commas";
    fn render(&self) -> String {
        format!("{:?}", self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_named_one_by_one_or_by_product() {
        let campaign = Uuid::from_u128(7);
        let one: Boxes = format!("reviews,{campaign}").parse().unwrap();
        assert!(one.has_reviews() && one.has_campaign(campaign) && one.has_campaigns());
        assert!(!one.has_campaign(Uuid::nil()));
        let campaigns: Boxes = " campaigns ".parse().unwrap();
        assert!(campaigns.has_campaign(campaign) && !campaigns.has_reviews());
        let reviews: Boxes = "reviews".parse().unwrap();
        assert!(!reviews.has_campaigns());
        assert_eq!(Boxes::all().to_string().parse(), Ok(Boxes::all()));
    }

    #[test]
    fn a_name_that_is_no_box_is_refused() {
        for text in ["", "review", "reviews;campaigns", "reviews,"] {
            assert!(text.parse::<Boxes>().is_err(), "{text:?}");
        }
    }
}
