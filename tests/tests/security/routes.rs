//! Who may call which route: the table that the running product is held to.

use vote_domain::Role;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Whoever asks; who it is makes no difference.
    Open,
    /// Whoever asks; who it is makes a difference.
    Personal,
    /// As `Personal`, partners for their voters too.
    PersonalOrPartner,
    /// Members of this role and of higher ones.
    Members(Role),
    /// Members of this role and of higher ones, and partners for their voters.
    MembersOrPartner(Role),
}

impl Access {
    /// The credentials that the route's description must name.
    pub(crate) fn schemes(self) -> &'static [&'static str] {
        match self {
            Self::Open => &[],
            Self::Personal => &["", "bearer"],
            Self::PersonalOrPartner => &["", "bearer", "partner"],
            Self::Members(_) => &["bearer"],
            Self::MembersOrPartner(_) => &["bearer", "partner"],
        }
    }

    /// The least role, where there is one.
    pub(crate) fn least_role(self) -> Option<Role> {
        match self {
            Self::Open | Self::Personal | Self::PersonalOrPartner => None,
            Self::Members(role) | Self::MembersOrPartner(role) => Some(role),
        }
    }

    /// Whether a token is looked at.
    pub(crate) fn reads_tokens(self) -> bool {
        self != Self::Open
    }

    /// Whether partners may call.
    pub(crate) fn takes_partners(self) -> bool {
        matches!(self, Self::PersonalOrPartner | Self::MembersOrPartner(_))
    }
}

use Access::{Members, MembersOrPartner, Open, Personal, PersonalOrPartner};
use Role::{Admin, Member, Moderator, Operator};

/// Every route. A new one needs a line here: decide who may call it.
pub(crate) const ROUTES: &[(&str, &str, Access)] = &[
    ("post", "/users", Open),
    ("get", "/users", Members(Moderator)),
    ("put", "/users/{user_id}/role", Members(Admin)),
    ("post", "/sessions", Open),
    ("delete", "/sessions", Members(Member)),
    ("post", "/sessions/refresh", Open),
    ("get", "/me", Members(Member)),
    ("get", "/me/votes", Members(Member)),
    ("get", "/me/preferences", Members(Member)),
    ("get", "/restaurants", Open),
    ("post", "/restaurants", Members(Operator)),
    ("get", "/restaurants/{restaurant_id}", Open),
    ("get", "/restaurants/{restaurant_id}/items", Open),
    (
        "post",
        "/restaurants/{restaurant_id}/items",
        Members(Operator),
    ),
    ("get", "/restaurants/{restaurant_id}/reviews", Personal),
    (
        "post",
        "/restaurants/{restaurant_id}/reviews",
        Members(Member),
    ),
    (
        "post",
        "/restaurants/{restaurant_id}/review",
        Members(Member),
    ),
    ("get", "/items/{item_id}", Open),
    ("get", "/items/{item_id}/reviews", Personal),
    ("get", "/reviews/counts", Personal),
    ("get", "/reviews/{review_id}", Personal),
    ("patch", "/reviews/{review_id}", Members(Member)),
    ("delete", "/reviews/{review_id}", Members(Member)),
    ("post", "/reviews/{review_id}/upvote", Members(Member)),
    ("post", "/reviews/{review_id}/downvote", Members(Member)),
    ("delete", "/reviews/{review_id}/vote", Members(Member)),
    ("post", "/reviews/{review_id}/voids", Members(Moderator)),
    ("post", "/votes", Members(Member)),
    ("get", "/votes", MembersOrPartner(Member)),
    ("get", "/votes/{vote_id}", MembersOrPartner(Member)),
    ("get", "/campaigns", Open),
    ("post", "/campaigns", Members(Operator)),
    ("get", "/campaigns/{campaign_id}", Open),
    ("patch", "/campaigns/{campaign_id}", Members(Operator)),
    ("get", "/campaigns/{campaign_id}/board", Open),
    (
        "get",
        "/campaigns/{campaign_id}/options/{option}/hours",
        Open,
    ),
    (
        "get",
        "/campaigns/{campaign_id}/options/{option}/fans",
        PersonalOrPartner,
    ),
    ("get", "/campaigns/{campaign_id}/result", Open),
    (
        "post",
        "/campaigns/{campaign_id}/votes",
        MembersOrPartner(Member),
    ),
    (
        "get",
        "/campaigns/{campaign_id}/wallet",
        MembersOrPartner(Member),
    ),
    (
        "get",
        "/campaigns/{campaign_id}/ledger",
        MembersOrPartner(Member),
    ),
    (
        "post",
        "/campaigns/{campaign_id}/grants",
        MembersOrPartner(Operator),
    ),
    ("post", "/campaigns/{campaign_id}/voids", Members(Operator)),
    ("get", "/partners", Members(Admin)),
    ("post", "/partners", Members(Admin)),
    ("post", "/partners/{partner_id}/keys", Members(Admin)),
    (
        "delete",
        "/partners/{partner_id}/keys/{key_id}",
        Members(Admin),
    ),
    ("get", "/boxes", Members(Operator)),
    ("get", "/dead-letters", Members(Operator)),
    ("get", "/dead-letters/{dead_letter_id}", Members(Operator)),
    (
        "post",
        "/dead-letters/{dead_letter_id}/replay",
        Members(Operator),
    ),
    (
        "post",
        "/dead-letters/{dead_letter_id}/drop",
        Members(Operator),
    ),
    ("get", "/audit", Members(Operator)),
];
