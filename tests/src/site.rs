//! Where a running Tally is reached, and the first things in it.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::client::Client;
use crate::member::Member;

/// The first admin's name and password, in every site of this crate.
pub(crate) const ADMIN: (&str, &str) = ("admin", "admin-password");

/// How long shown counts may lag behind what is settled: some cache lifetimes.
const LAG: Duration = Duration::from_secs(30);

/// A running Tally.
#[derive(Clone, Debug)]
pub struct Site {
    /// Where accounts, restaurants and reviews are: a URL without a slash at the end.
    pub catalog: String,
    /// Where votes are taken, at least one; the same as `catalog` when embedded.
    pub gateways: Vec<String>,
}

/// A restaurant and its one item.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The restaurant.
    pub restaurant: Uuid,
    /// Its item.
    pub item: Uuid,
}

impl Site {
    /// A client by way of the first gateway.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn client(&self) -> Result<Client> {
        Client::new(&self.catalog, &self.gateways[0])
    }

    /// The first admin, signed in.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn admin(&self) -> Result<Member> {
        self.client()?.sign_in(ADMIN.0, ADMIN.1).await
    }

    /// Name and password of the first admin.
    #[must_use]
    pub fn admin_login(&self) -> (&'static str, &'static str) {
        ADMIN
    }

    /// Makes a restaurant with one item.
    ///
    /// # Errors
    /// When either is refused.
    pub async fn place(&self) -> Result<Place> {
        let admin = self.admin().await?;
        let restaurant = admin.create_restaurant("The Journey's End").await?;
        let item = admin.create_item(restaurant, "Soup of the day").await?;
        Ok(Place { restaurant, item })
    }

    /// Signs a member up, who writes a review of `place`.
    ///
    /// # Errors
    /// When either is refused.
    pub async fn author(&self, place: Place, user_name: &str) -> Result<(Member, Uuid)> {
        let author = self.client()?.sign_up(user_name).await?;
        let review = author
            .write_review(place.restaurant, place.item, "Hot, and plenty of it.")
            .await?;
        Ok((author, review))
    }

    /// Waits until `review` shows `up` and `down`.
    ///
    /// # Errors
    /// When it does not within 30 s.
    pub async fn wait_for_counts(&self, review: Uuid, up: u64, down: u64) -> Result<()> {
        let client = self.client()?;
        let asked_at = Instant::now();
        loop {
            let shown = client.counts(&[review]).await?[0];
            if shown == (up, down) {
                return Ok(());
            }
            if asked_at.elapsed() > LAG {
                bail!(
                    "{review} shows {shown:?} instead of {:?} after {LAG:?}",
                    (up, down)
                );
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
}
