//! Which rows belong to which: there are no foreign keys, so `verify` looks for those
//! whose counterpart is not there.

/// Rows of `child` each of which belongs to a row of `parent`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Relation {
    pub(crate) child: &'static str,
    /// The child's columns that name a row, all of them ids; an index begins with the first.
    pub(crate) key: &'static [&'static str],
    pub(crate) parent: &'static str,
    /// How `c` and `p` belong together.
    pub(crate) on: &'static str,
    /// A column of the parent that is never NULL.
    pub(crate) there: &'static str,
    /// Which of the child's rows need a parent.
    pub(crate) those: &'static str,
}

const fn relation(
    child: &'static str,
    key: &'static [&'static str],
    parent: &'static str,
    on: &'static str,
    there: &'static str,
) -> Relation {
    Relation {
        child,
        key,
        parent,
        on,
        there,
        those: "1 = 1",
    }
}

/// Every relation that the checks of voters, reviews and campaigns do not see to.
#[rustfmt::skip]
pub(crate) const RELATIONS: &[Relation] = &[
    // A vote of nobody, made up by whoever reached the broker, is rejected and leaves a
    // voter's row; that is no harm. One that counts is.
    Relation {
        those: "c.n_standings > 0",
        ..relation("review_voters", &["voter_id"], "users", "p.user_id = c.voter_id", "user_id")
    },
    relation("review_standings", &["voter_id", "review_id"], "reviews", "p.review_id = c.review_id", "review_id"),
    relation("review_voids", &["vote_id"], "review_votes", "p.vote_id = c.vote_id", "vote_id"),
    relation("review_vote_marks", &["vote_id", "review_id"], "reviews", "p.review_id = c.review_id", "review_id"),
    relation("review_voter_marks", &["voter_id", "review_id", "void_id"], "reviews", "p.review_id = c.review_id", "review_id"),
    relation("reviews", &["review_id"], "restaurants", "p.restaurant_id = c.restaurant_id", "restaurant_id"),
    relation("reviews", &["review_id"], "items", "p.item_id = c.item_id", "item_id"),
    relation("reviews", &["review_id"], "users", "p.user_id = c.author_id", "user_id"),
    relation("items", &["item_id"], "restaurants", "p.restaurant_id = c.restaurant_id", "restaurant_id"),
    relation("rewards", &["review_id"], "review_counters", "p.review_id = c.review_id", "review_id"),
    relation("rewards", &["review_id"], "users", "p.user_id = c.user_id", "user_id"),
    relation("sessions", &["session_id"], "users", "p.user_id = c.user_id", "user_id"),
    relation("partner_keys", &["key_id"], "partners", "p.partner_id = c.partner_id", "partner_id"),
    Relation {
        those: "c.voter_kind = 'member' AND EXISTS (SELECT 1 FROM campaign_lots l WHERE l.voter_id = c.voter_id AND l.campaign_id = c.campaign_id AND l.spent > 0)",
        ..relation("campaign_voters", &["voter_id", "campaign_id"], "users", "p.user_id = c.voter_id", "user_id")
    },
    relation("campaign_voters", &["voter_id", "campaign_id"], "campaigns", "p.campaign_id = c.campaign_id", "campaign_id"),
    relation("campaign_lots", &["voter_id", "campaign_id", "lot_id"], "campaign_voters", "p.voter_id = c.voter_id AND p.campaign_id = c.campaign_id", "voter_id"),
    relation("campaign_grants", &["grant_id"], "campaign_voters", "p.voter_id = c.voter_id AND p.campaign_id = c.campaign_id", "voter_id"),
    relation("campaign_uses", &["voter_id", "campaign_id"], "campaign_voters", "p.voter_id = c.voter_id AND p.campaign_id = c.campaign_id", "voter_id"),
    relation("campaign_uses", &["voter_id", "campaign_id"], "campaign_channels", "p.campaign_id = c.campaign_id AND p.channel_no = c.channel_no", "campaign_id"),
    relation("campaign_voids", &["vote_id"], "campaign_votes", "p.vote_id = c.vote_id AND p.campaign_id = c.campaign_id", "vote_id"),
    relation("campaign_vote_marks", &["vote_id", "campaign_id"], "campaigns", "p.campaign_id = c.campaign_id", "campaign_id"),
    relation("campaign_voter_marks", &["void_id"], "campaign_voters", "p.voter_id = c.voter_id AND p.campaign_id = c.campaign_id", "voter_id"),
];

/// Tables whose rows belong to a campaign, with an index that begins with it.
pub(crate) const OF_CAMPAIGNS: &[&str] = &[
    "campaign_channels",
    "campaign_options",
    "campaign_voters",
    "campaign_votes",
    "campaign_voids",
    "campaign_tallies",
    "campaign_days",
    "campaign_totals",
    "campaign_fans",
    "campaign_results",
];

impl Relation {
    /// The first key behind some rows. Bound: where the slice begins, and how many rows it
    /// has.
    pub(crate) fn slice_end(&self) -> String {
        let (child, first) = (self.child, self.key[0]);
        format!(
            "SELECT {first} AS k FROM {child} WHERE {first} >= ? ORDER BY {first} LIMIT 1 OFFSET ?"
        )
    }

    /// How many rows are within a slice. Bound: its first and its last key.
    pub(crate) fn n_rows(&self) -> String {
        let (child, first) = (self.child, self.key[0]);
        format!("SELECT COUNT(*) AS n FROM {child} WHERE {first} >= ? AND {first} <= ?")
    }

    /// The keys of rows without a counterpart. Bound: the first and the last key of the
    /// slice, the most rows.
    pub(crate) fn orphans(&self) -> String {
        let Self {
            child,
            key,
            parent,
            on,
            there,
            those,
        } = self;
        let first = key[0];
        let columns: Vec<String> = ["a", "b", "c"]
            .iter()
            .enumerate()
            .map(|(at, name)| match key.get(at) {
                Some(column) => format!("HEX(c.{column}) AS {name}"),
                None => format!("'' AS {name}"),
            })
            .collect();
        format!(
            "SELECT {} FROM {child} c LEFT JOIN {parent} p ON {on} \
             WHERE c.{first} >= ? AND c.{first} <= ? AND {those} AND p.{there} IS NULL \
             ORDER BY c.{first} LIMIT ?",
            columns.join(", ")
        )
    }
}

/// The first campaign that `table` names, from one on. Bound: where to begin.
pub(crate) fn next_campaign_of(table: &str) -> String {
    format!(
        "SELECT campaign_id AS k FROM {table} WHERE campaign_id >= ? ORDER BY campaign_id LIMIT 1"
    )
}
