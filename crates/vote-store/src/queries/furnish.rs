//! A whole catalog in one transaction.

use super::{Conn, accounts, catalog, reviews};
use crate::StoreError;
use crate::accounts::UserCreation;
use crate::catalog::{Furnishing, ReviewCreation};

pub(crate) async fn furnish(
    connection: &mut Conn,
    furnishing: &Furnishing,
) -> Result<bool, StoreError> {
    let there = catalog::restaurants(connection, None, None, 1).await?;
    if !there.is_empty() {
        return Ok(false);
    }
    for user in &furnishing.users {
        if accounts::credentials(connection, &user.user_name)
            .await?
            .is_some()
        {
            return Ok(false);
        }
    }
    for user in &furnishing.users {
        if accounts::create_user(connection, user).await? == UserCreation::NameTaken {
            return Err(refused(&user.user_name));
        }
    }
    for restaurant in &furnishing.restaurants {
        catalog::create_restaurant(connection, restaurant).await?;
    }
    for item in &furnishing.items {
        if !catalog::create_item(connection, item).await? {
            return Err(refused(&item.name));
        }
    }
    for review in &furnishing.reviews {
        if reviews::create(connection, review).await? != ReviewCreation::Created {
            return Err(refused(&review.content));
        }
    }
    Ok(true)
}

fn refused(what: &str) -> StoreError {
    StoreError::Refused(format!("furnishing: {what:?} does not fit"))
}
