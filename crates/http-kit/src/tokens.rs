//! Access tokens: JSON Web Tokens signed with HMAC-SHA-256, named by key so that keys
//! can be rotated.

use std::sync::Arc;

use bootstrap::settings::SigningKey;
use chrono::TimeDelta;
use jwt_compact::alg::{Hs256, Hs256Key};
use jwt_compact::{AlgorithmExt, Claims, Header, TimeOptions, UntrustedToken};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vote_domain::{Clock, Role, UserId};

/// Who makes the tokens, and for whom.
const ISSUER: &str = "tally";
const AUDIENCE: &str = "tally-api";

/// How far the clocks of two machines may differ, in seconds.
const LEEWAY_S: i64 = 2;

/// Longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 2_048;

/// Who acts, as an access token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The account.
    pub user_id: UserId,
    /// Its role when the token was made.
    pub role: Role,
    /// The family of refresh tokens this one came from: what signing out revokes.
    pub session_id: Uuid,
}

#[derive(Serialize, Deserialize)]
struct ActorClaims {
    iss: String,
    aud: String,
    sub: UserId,
    role: Role,
    sid: Uuid,
}

/// A token that is not to be trusted; why is not for the client to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It was good once.
    #[error("the access token has expired")]
    Expired,
    /// It never was.
    #[error("the access token is not valid")]
    Invalid,
}

/// Makes and verifies access tokens. Cheap to clone.
#[derive(Clone)]
pub struct Tokens(Arc<Ring>);

struct Ring {
    keys: Vec<(String, Hs256Key)>,
    lifetime: TimeDelta,
    clock: Clock,
}

/// A ring of keys needs one to sign with.
#[derive(Debug, thiserror::Error)]
#[error("there is no key to sign access tokens with")]
pub struct NoKeys;

impl Tokens {
    /// A ring of `keys`: the first signs, all verify. Tokens live for `lifetime_s` seconds.
    ///
    /// # Errors
    /// [`NoKeys`] when there are none.
    pub fn new(keys: &[SigningKey], lifetime_s: u64, clock: Clock) -> Result<Self, NoKeys> {
        if keys.is_empty() {
            return Err(NoKeys);
        }
        Ok(Self(Arc::new(Ring {
            keys: keys
                .iter()
                .map(|key| (key.id.clone(), Hs256Key::new(key.secret.expose())))
                .collect(),
            lifetime: TimeDelta::seconds(i64::try_from(lifetime_s).unwrap_or(i64::MAX / 1_000)),
            clock,
        })))
    }

    /// How long a new token is good for, in seconds.
    #[must_use]
    pub fn lifetime_s(&self) -> u64 {
        self.0.lifetime.num_seconds().unsigned_abs()
    }

    /// Makes a token for `actor`, good from now on for the lifetime.
    ///
    /// # Errors
    /// Only when the claims do not serialise, which is a fault of this code.
    pub fn sign(&self, actor: Actor) -> Result<String, jwt_compact::CreationError> {
        let (id, key) = &self.0.keys[0];
        let header = Header::empty()
            .with_token_type("JWT")
            .with_key_id(id.clone());
        let claims = Claims::new(ActorClaims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: actor.user_id,
            role: actor.role,
            sid: actor.session_id,
        })
        .set_duration_and_issuance(&self.times(), self.0.lifetime);
        Hs256.token(&header, &claims, key)
    }

    /// The actor that `token` speaks for.
    ///
    /// # Errors
    /// [`TokenError`]: the token is not ours, was changed, is for somebody else or too old.
    pub fn verify(&self, token: &str) -> Result<Actor, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Invalid);
        }
        let token = UntrustedToken::new(token).map_err(|_| TokenError::Invalid)?;
        let id = token
            .header()
            .key_id
            .as_deref()
            .ok_or(TokenError::Invalid)?;
        let key = self.0.keys.iter().find(|(other, _)| other == id);
        let (_, key) = key.ok_or(TokenError::Invalid)?;
        let token = Hs256
            .validator::<ActorClaims>(key)
            .validate(&token)
            .map_err(|_| TokenError::Invalid)?;
        let claims = token.claims();
        if claims.custom.iss != ISSUER || claims.custom.aud != AUDIENCE {
            return Err(TokenError::Invalid);
        }
        claims
            .validate_expiration(&self.times())
            .map_err(|error| match error {
                jwt_compact::ValidationError::Expired => TokenError::Expired,
                _ => TokenError::Invalid,
            })?;
        // Ours are good at once; whoever signs with our key may say otherwise.
        if claims.not_before.is_some() {
            claims
                .validate_maturity(&self.times())
                .map_err(|_| TokenError::Invalid)?;
        }
        Ok(Actor {
            user_id: claims.custom.sub,
            role: claims.custom.role,
            session_id: claims.custom.sid,
        })
    }

    fn times(&self) -> TimeOptions<impl Fn() -> chrono::DateTime<chrono::Utc>> {
        TimeOptions::new(TimeDelta::seconds(LEEWAY_S), || self.0.clock.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use bootstrap::Secret;
    use chrono::DateTime;

    fn key(id: &str, fill: char) -> SigningKey {
        SigningKey {
            id: id.to_owned(),
            secret: Secret::new(fill.to_string().repeat(32)),
        }
    }

    fn clock() -> Clock {
        Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap())
    }

    fn tokens(keys: &[SigningKey], clock: &Clock) -> Tokens {
        Tokens::new(keys, 900, clock.clone()).unwrap()
    }

    fn actor() -> Actor {
        Actor {
            user_id: UserId(Uuid::from_u128(1)),
            role: Role::Operator,
            session_id: Uuid::from_u128(2),
        }
    }

    #[test]
    fn a_token_speaks_for_its_actor_until_it_expires() {
        let clock = clock();
        let tokens = tokens(&[key("a", 'a')], &clock);
        let token = tokens.sign(actor()).unwrap();
        assert_eq!(tokens.verify(&token).unwrap(), actor());
        let start = clock.now();
        clock.set(start + TimeDelta::seconds(900));
        assert!(tokens.verify(&token).is_ok());
        clock.set(start + TimeDelta::seconds(900 + LEEWAY_S + 1));
        assert!(matches!(tokens.verify(&token), Err(TokenError::Expired)));
    }

    #[test]
    fn after_a_rotation_old_tokens_hold_until_their_key_is_dropped() {
        let clock = clock();
        let old = tokens(&[key("a", 'a')], &clock);
        let both = tokens(&[key("b", 'b'), key("a", 'a')], &clock);
        let new = tokens(&[key("b", 'b')], &clock);
        let token = old.sign(actor()).unwrap();
        assert!(both.verify(&token).is_ok());
        assert!(new.verify(&token).is_err());
        assert!(new.verify(&both.sign(actor()).unwrap()).is_ok());
    }

    #[test]
    fn a_forged_token_is_refused() {
        let clock = clock();
        let tokens = tokens(&[key("a", 'a')], &clock);
        let good = tokens.sign(actor()).unwrap();
        let [head, claims, signature] = good.split('.').collect::<Vec<_>>()[..] else {
            panic!("a token has three parts");
        };
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT","kid":"a"}"#);
        let hs512 = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS512","typ":"JWT","kid":"a"}"#);
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        let admin = URL_SAFE_NO_PAD.encode(text.replace("operator", "admin"));
        let wrong_key = self::tokens(&[key("a", 'x')], &clock)
            .sign(actor())
            .unwrap();
        let unnamed_key = self::tokens(&[key("z", 'a')], &clock)
            .sign(actor())
            .unwrap();
        for forged in [
            format!("{none}.{claims}."),
            format!("{none}.{claims}.{signature}"),
            format!("{hs512}.{claims}.{signature}"),
            format!("{head}.{admin}.{signature}"),
            format!("{head}.{claims}"),
            format!("{head}.{claims}."),
            String::new(),
            "x".repeat(1_000_000),
            wrong_key,
            unnamed_key,
        ] {
            let result = tokens.verify(&forged);
            assert!(matches!(result, Err(TokenError::Invalid)), "{forged:.80}");
        }
    }

    #[test]
    fn a_token_is_good_from_when_it_says() {
        let clock = clock();
        let tokens = tokens(&[key("a", 'a')], &clock);
        let claims = |good_in_s: i64| {
            let claims = Claims::new(ActorClaims {
                iss: ISSUER.to_owned(),
                aud: AUDIENCE.to_owned(),
                sub: actor().user_id,
                role: Role::Operator,
                sid: actor().session_id,
            });
            let claims = claims
                .set_duration_and_issuance(&tokens.times(), TimeDelta::seconds(60))
                .set_not_before(clock.now() + TimeDelta::seconds(good_in_s));
            let header = Header::empty().with_key_id("a");
            Hs256.token(&header, &claims, &tokens.0.keys[0].1).unwrap()
        };
        assert!(tokens.verify(&claims(0)).is_ok());
        let early = claims(LEEWAY_S + 2);
        assert!(matches!(tokens.verify(&early), Err(TokenError::Invalid)));
        clock.set(clock.now() + TimeDelta::seconds(LEEWAY_S + 2));
        assert!(tokens.verify(&early).is_ok());
    }

    #[test]
    fn a_token_for_another_audience_is_refused() {
        let clock = clock();
        let tokens = tokens(&[key("a", 'a')], &clock);
        for (iss, aud) in [("other", AUDIENCE), (ISSUER, "other")] {
            let claims = Claims::new(ActorClaims {
                iss: iss.to_owned(),
                aud: aud.to_owned(),
                sub: actor().user_id,
                role: Role::Admin,
                sid: Uuid::nil(),
            })
            .set_duration_and_issuance(&tokens.times(), TimeDelta::seconds(60));
            let token = Hs256
                .token(
                    &Header::empty().with_key_id("a"),
                    &claims,
                    &tokens.0.keys[0].1,
                )
                .unwrap();
            assert!(tokens.verify(&token).is_err());
        }
    }
}
