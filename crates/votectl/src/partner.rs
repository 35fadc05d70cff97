//! `votectl partner`: partners and the keys their servers sign with.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::Call;
use crate::list::id;
use crate::operator::{Connection, LOGIN, Operator};
use crate::table;

const HINTS: &str = "Examples:
  votectl partner create 'Radio One' --kind radio --json > radio-one.key.json
      the secret is told this once
  votectl partner list
  votectl partner rotate 6a0c9d11-7c1e-4d0b-9b8e-2f1f0f9a1c52
      gives a second key; revoke the first once the partner signs with the second
  votectl partner revoke 6a0c9d11-7c1e-4d0b-9b8e-2f1f0f9a1c52 0f9a1c52-7c1e-4d0b-9b8e-2f1f6a0c9d11";

/// Admits partners, and gives, rotates and revokes their keys; for admins.
#[derive(Debug, Args)]
#[command(after_help = HINTS, after_long_help = format!("{HINTS}\n\n{LOGIN}"))]
pub(crate) struct PartnerTask {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Debug, Subcommand)]
enum Kind {
    /// Admit a partner, with a first key
    Create {
        /// Its name
        name: String,
        /// The kind of its voters, such as radio; a kind belongs to one partner
        #[arg(long)]
        kind: String,
        /// Only say what would be sent
        #[arg(long)]
        dry_run: bool,
    },
    /// List partners and their keys, without secrets
    List {
        /// How many at most
        #[arg(long, default_value_t = 1_000)]
        limit: usize,
    },
    /// Give a partner one more key
    Rotate {
        /// The partner
        partner_id: Uuid,
        /// Revoke the keys it has now, at once: requests signed with them fail
        #[arg(long)]
        revoke_others: bool,
        /// Only say what would be sent
        #[arg(long)]
        dry_run: bool,
    },
    /// Revoke a key; it ends within two seconds
    Revoke {
        /// The partner
        partner_id: Uuid,
        /// The key
        key_id: Uuid,
        /// Only say what would be sent
        #[arg(long)]
        dry_run: bool,
    },
}

const COLUMNS: &[(&str, &str)] = &[
    ("PARTNER", "partner_id"),
    ("KIND", "voter_kind"),
    ("KEYS", "keys_shown"),
    ("NAME", "name"),
];

impl PartnerTask {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let mut operator = self.connection.open().await?;
        match self.kind {
            Kind::Create {
                name,
                kind,
                dry_run,
            } => {
                let call =
                    Call::post("/partners").body(json!({ "name": name, "voter_kind": kind }));
                make(&mut operator, call, dry_run, "admitting the partner").await
            }
            Kind::List { limit } => list(&mut operator, limit).await,
            Kind::Rotate {
                partner_id,
                revoke_others,
                dry_run,
            } => rotate(&mut operator, partner_id, revoke_others, dry_run).await,
            Kind::Revoke {
                partner_id,
                key_id,
                dry_run,
            } => {
                let call = Call::delete(format!("/partners/{partner_id}/keys/{key_id}"));
                if dry_run {
                    operator.tell_dry(&call)?;
                    return Ok(ExitCode::SUCCESS);
                }
                operator.ask_catalog(call, "revoking the key").await?;
                let found = json!({ "partner_id": partner_id, "revoked": [key_id] });
                operator.tell(&found, || format!("revoked: {key_id}"))?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

/// Makes something with a secret, which is told this once.
async fn make(
    operator: &mut Operator,
    call: Call<'_>,
    dry_run: bool,
    doing: &str,
) -> Result<ExitCode> {
    if dry_run {
        operator.tell_dry(&call)?;
        return Ok(ExitCode::SUCCESS);
    }
    // Once: the secret of a key that was made twice would be lost.
    let made = operator.ask_catalog_once(call, doing).await?.body;
    operator.tell(&made, || told_once(&made))?;
    Ok(ExitCode::SUCCESS)
}

fn told_once(made: &Value) -> String {
    format!("{}\n\nthe secret is not told again", table::fields(made))
}

async fn list(operator: &mut Operator, limit: usize) -> Result<ExitCode> {
    let catalog = operator.catalog.clone();
    let mut partners = operator.list(&catalog, "/partners", limit).await?;
    let found = json!({ "items": partners });
    for partner in &mut partners {
        let keys = partner["keys"].as_array().cloned().unwrap_or_default();
        let n_valid = keys
            .iter()
            .filter(|key| key["revoked_at"].is_null())
            .count();
        partner["keys_shown"] = format!("{n_valid} of {}", keys.len()).into();
    }
    operator.tell(&found, || match partners.is_empty() {
        true => "none".to_owned(),
        false => table::of(&partners, COLUMNS),
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn rotate(
    operator: &mut Operator,
    partner: Uuid,
    revoke_others: bool,
    dry_run: bool,
) -> Result<ExitCode> {
    let call = Call::post(format!("/partners/{partner}/keys"));
    if dry_run {
        operator.tell_dry(&call)?;
        return Ok(ExitCode::SUCCESS);
    }
    let others = if revoke_others {
        valid_keys(operator, partner).await?
    } else {
        Vec::new()
    };
    let mut made = operator.ask_catalog_once(call, "giving a key").await?.body;
    // The new one is told whatever follows.
    let mut failed = None;
    let mut revoked = Vec::new();
    for key in others {
        let call = Call::delete(format!("/partners/{partner}/keys/{key}"));
        match operator.ask_catalog(call, &format!("revoking {key}")).await {
            Ok(_) => revoked.push(key),
            Err(error) => failed = Some(error),
        }
    }
    made["revoked"] = json!(revoked);
    operator.tell(&made, || {
        format!("{}\n{} keys revoked", told_once(&made), revoked.len())
    })?;
    failed.map_or(Ok(ExitCode::SUCCESS), Err)
}

/// The keys that `partner` can sign with now.
async fn valid_keys(operator: &mut Operator, partner: Uuid) -> Result<Vec<Uuid>> {
    let catalog = operator.catalog.clone();
    let partners = operator.list(&catalog, "/partners", usize::MAX).await?;
    let wanted = partner.to_string();
    let found = partners.iter().find(|found| found["partner_id"] == *wanted);
    let found = found.with_context(|| format!("there is no partner {partner}"))?;
    (found["keys"].as_array().into_iter().flatten())
        .filter(|key| key["revoked_at"].is_null())
        .map(|key| id(key, "key_id"))
        .collect()
}
