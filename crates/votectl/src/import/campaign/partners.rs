//! The partners whose voters vote, and the keys that the import signs with.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use serde_json::json;
use uuid::Uuid;

use super::{Made, Run};
use crate::api::{Answer, Api, Call};
use crate::list::{find_all, id};
use crate::session::Session;
use crate::signing::{PartnerKey, Signer};

/// Keys that were given to the import, and go when it ends.
#[derive(Debug, Default)]
pub(super) struct BorrowedKeys(Mutex<Vec<Borrowed>>);

#[derive(Clone, Copy, Debug)]
struct Borrowed {
    partner: Uuid,
    key: Uuid,
}

/// A signer for each channel.
pub(super) type Signers = BTreeMap<String, Signer>;

impl BorrowedKeys {
    /// Finds the partner of each of `kinds`, or admits it, and takes a key of each.
    ///
    /// # Errors
    /// When `admin` may not, a partner has too many keys, or the service stays away.
    pub(super) async fn borrow(
        &self,
        run: &Run,
        admin: &mut Session,
        kinds: impl IntoIterator<Item = &str>,
    ) -> Result<(Signers, Made)> {
        let (mut signers, mut n_created) = (Signers::new(), 0);
        for kind in kinds {
            let (key, is_new) = self.borrow_one(run, admin, kind).await?;
            n_created += usize::from(is_new);
            let time = &run.time;
            let signer = Signer::new(key, time.clock.clone(), time.ahead, run.ids.clone());
            signers.insert(kind.to_owned(), signer);
        }
        let made = Made {
            total: signers.len(),
            created: n_created,
        };
        Ok((signers, made))
    }

    /// A key of the partner of `kind`, and whether the partner is new.
    async fn borrow_one(
        &self,
        run: &Run,
        admin: &mut Session,
        kind: &str,
    ) -> Result<(PartnerKey, bool)> {
        let mut partner = find(run, admin, kind).await?;
        if partner.is_none() {
            let body = json!({ "name": format!("Import: {kind}"), "voter_kind": kind });
            let call = Call::post("/partners").body(body);
            let answer = admin.call(&run.catalog, call).await?;
            if answer.code() != "voter_kind_taken" {
                let answer = answer.expect(201, &format!("the partner of kind {kind}"))?;
                let partner = id(&answer.body, "partner_id")?;
                return Ok((self.keep(partner, &answer)?, true));
            }
            // A try whose answer was lost, or somebody else.
            partner = find(run, admin, kind).await?;
        }
        let partner = partner.with_context(|| format!("{kind} is taken, but by no partner"))?;
        let call = Call::post(format!("/partners/{partner}/keys"));
        let answer = admin.call(&run.catalog, call).await?;
        let answer = answer.expect(201, &format!("a key of the partner of kind {kind}"))?;
        Ok((self.keep(partner, &answer)?, false))
    }

    /// Reads the key from `answer`, and remembers to give it back.
    fn keep(&self, partner: Uuid, answer: &Answer) -> Result<PartnerKey> {
        let key = id(&answer.body, "key_id")?;
        self.lock().push(Borrowed { partner, key });
        Ok(PartnerKey {
            key_id: key.to_string(),
            secret: answer.text("secret")?.to_owned(),
        })
    }

    /// Whether none was borrowed yet.
    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Revokes all of them, signed in as `user_name`.
    ///
    /// # Errors
    /// When one could not be revoked; the message names it.
    pub(super) async fn give_back(
        &self,
        catalog: &Api,
        user_name: &str,
        password: &str,
    ) -> Result<()> {
        let borrowed = std::mem::take(&mut *self.lock());
        if borrowed.is_empty() {
            return Ok(());
        }
        let mut admin = Session::sign_in(catalog, user_name, password).await?;
        for Borrowed { partner, key } in borrowed {
            let call = Call::delete(format!("/partners/{partner}/keys/{key}"));
            let revoked = admin.call(catalog, call).await;
            revoked
                .and_then(|answer| answer.expect(204, "revoking it"))
                .with_context(|| format!("the key {key} of partner {partner} still stands"))?;
        }
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Borrowed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn find(run: &Run, admin: &mut Session, kind: &str) -> Result<Option<Uuid>> {
    let wanted = |partner: &serde_json::Value| partner["voter_kind"] == kind;
    let found = find_all(&run.catalog, admin, "/partners", wanted).await?;
    (found.first())
        .map(|partner| id(partner, "partner_id"))
        .transpose()
}
