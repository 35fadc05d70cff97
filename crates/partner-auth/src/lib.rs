//! Who calls: a member with an access token, or a partner's server that signed its
//! request; and how partners' secrets are kept.
//!
//! - [`PartnerAuth`]: the gate that verifies signed requests before any handler runs;
//! - [`Caller`], [`VotingCaller`], [`MaybeVoter`]: what handlers take to know who calls;
//! - [`Vault`]: seals secrets for SQL, and opens them;
//! - [`PartnerScheme`]: the word `partner` in a route's description. A route takes signed
//!   requests if its description says `security(("partner" = []))`, and only then.
//!
//! How a signature is made, [`partner_signature`] says.

mod auth;
mod caller;
mod headers;
mod keys;
mod routes;
mod vault;
mod voter;

pub use auth::PartnerAuth;
pub use caller::{Caller, MaybeCaller, Partner};
pub use routes::PartnerScheme;
pub use vault::{SecretOwner, Vault, VaultError, draw_secret};
pub use voter::{MaybeVoter, VotingCaller};
