//! Every route by everybody. Routes, their bodies and parameters come from the running
//! product's description, who may call them from [`ROUTES`].

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use journeys::Answer;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;
use vote_domain::Role;

use crate::routes::{Access, ROUTES};
use crate::scene::{PartnerKey, Scene, send};

/// The kind of the partner's voters, which the examples of the API name, too.
const KIND: &str = "jury";

/// Problems that say who may not.
const REFUSALS: [&str; 5] = [
    "unauthenticated",
    "forbidden",
    "not_for_partners",
    "invalid_signature",
    "foreign_voter",
];

/// Who calls.
enum Caller<'a> {
    Nobody,
    WithBadToken,
    Member(Role),
    Partner(&'a PartnerKey),
    RevokedKey(&'a PartnerKey),
}

impl Caller<'_> {
    /// The problem that says no, if any.
    fn refusal(&self, access: Access) -> Option<(u16, &'static str)> {
        match self {
            Self::Nobody => access.least_role().map(|_| (401, "unauthenticated")),
            Self::WithBadToken => access.reads_tokens().then_some((401, "unauthenticated")),
            Self::Member(role) => {
                let may = access.least_role().is_none_or(|least| *role >= least);
                (!may).then_some((403, "forbidden"))
            }
            Self::Partner(_) => (!access.takes_partners()).then_some((403, "not_for_partners")),
            Self::RevokedKey(_) if access.takes_partners() => Some((401, "invalid_signature")),
            Self::RevokedKey(_) => Some((403, "not_for_partners")),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Nobody => "nobody".to_owned(),
            Self::WithBadToken => "a bad token".to_owned(),
            Self::Member(role) => role.to_string(),
            Self::Partner(_) => "a partner".to_owned(),
            Self::RevokedKey(_) => "a revoked key".to_owned(),
        }
    }
}

/// A call that a route's description makes possible.
struct Call {
    method: Method,
    path: String,
    body: Option<Value>,
}

impl Call {
    fn of(api: &Value, method: &str, template: &str) -> Result<Self> {
        let route = &api["paths"][format!("/api/v1{template}")][method];
        let segments = template.split('/').map(|segment| match segment {
            "{option}" => "a".to_owned(),
            part if part.starts_with('{') => Uuid::from_u128(0xf).to_string(),
            part => part.to_owned(),
        });
        let mut path = segments.collect::<Vec<_>>().join("/");
        for parameter in route["parameters"].as_array().into_iter().flatten() {
            if parameter["in"] == "query" && parameter["required"] == true {
                let name = parameter["name"].as_str().context("a name")?;
                path = format!("{path}?{name}={}", Uuid::from_u128(0xf));
            }
        }
        Ok(Self {
            method: method.to_uppercase().parse()?,
            path,
            body: example(api, route)
                .with_context(|| format!("{method} {template} has no example of its body"))?,
        })
    }

    async fn by(&self, scene: &Scene, caller: &Caller<'_>) -> Result<Answer> {
        let request = match caller {
            Caller::Nobody => self.plain(scene),
            Caller::WithBadToken => self.plain(scene).bearer_auth("x.y.z"),
            Caller::Member(role) => {
                // A session of its own: some calls end sessions.
                let session = scene.session_of(*role).await?;
                self.plain(scene).bearer_auth(session.access_token)
            }
            Caller::Partner(key) | Caller::RevokedKey(key) => {
                scene.signed(key, self.method.clone(), &self.path, self.body.as_ref())
            }
        };
        send(request.header("If-Match", "\"1\"")).await
    }

    fn plain(&self, scene: &Scene) -> RequestBuilder {
        let request = scene.request(self.method.clone(), &self.path);
        match &self.body {
            Some(body) => request.json(body),
            None => request,
        }
    }
}

/// The example of the body that `route` takes: of its schema, or of the schema's fields.
fn example(api: &Value, route: &Value) -> Result<Option<Value>> {
    let Some(body) = route.get("requestBody") else {
        return Ok(None);
    };
    if body["required"] != true {
        return Ok(None);
    }
    let schema = &body["content"]["application/json"]["schema"];
    let name = schema["$ref"].as_str().context("a schema")?;
    let name = name.rsplit('/').next().context("a name")?;
    let example = &api["components"]["schemas"][name]["example"];
    ensure!(!example.is_null(), "{name} has no example");
    Ok(Some(example.clone()))
}

/// The credentials that a route's description names.
fn schemes(route: &Value) -> Vec<&str> {
    let requirements = route["security"].as_array().into_iter().flatten();
    let names = requirements.filter_map(Value::as_object);
    names
        .map(|requirement| requirement.keys().next().map_or("", String::as_str))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_is_in_the_table_and_its_description_says_the_same() -> Result<()> {
    let scene = Scene::start(&[]).await?;
    let api = scene.api().await?;
    let mut described = BTreeSet::new();
    for (path, methods) in api["paths"].as_object().context("no paths")? {
        let template = path.strip_prefix("/api/v1").context("not of the API")?;
        for method in methods.as_object().context("no methods")?.keys() {
            described.insert((method.as_str(), template));
        }
    }
    let listed: BTreeSet<_> = (ROUTES.iter())
        .map(|(method, path, _)| (*method, *path))
        .collect();
    assert_eq!(listed.len(), ROUTES.len(), "a route is listed twice");
    let unlisted: Vec<_> = described.difference(&listed).collect();
    assert!(unlisted.is_empty(), "who may call these? {unlisted:?}");
    let gone: Vec<_> = listed.difference(&described).collect();
    assert!(gone.is_empty(), "nobody serves these: {gone:?}");
    for (method, template, access) in ROUTES {
        let route = &api["paths"][format!("/api/v1{template}")][*method];
        assert_eq!(schemes(route), access.schemes(), "{method} {template}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_refuses_whom_the_table_does_not_name_and_nobody_else() -> Result<()> {
    let scene = Scene::start(&[]).await?;
    let api = scene.api().await?;
    for role in Role::ALL {
        scene.with_role(role).await?;
    }
    let good = scene.admit_partner(KIND).await?;
    let revoked = scene.admit_partner("former").await?;
    revoke(&scene, &revoked).await?;
    let mut callers = vec![
        Caller::Nobody,
        Caller::WithBadToken,
        Caller::Partner(&good),
        Caller::RevokedKey(&revoked),
    ];
    callers.extend(Role::ALL.map(Caller::Member));
    let mut wrong = Vec::new();
    for (method, template, access) in ROUTES {
        let call = Call::of(&api, method, template)?;
        for caller in &callers {
            let answer = call.by(&scene, caller).await?;
            let said = (answer.status, answer.code());
            let is_right = match caller.refusal(*access) {
                Some(refusal) => said == refusal,
                None => !REFUSALS.contains(&answer.code()) && answer.status < 500,
            };
            if !is_right {
                let name = caller.name();
                wrong.push(format!("{method} {template} by {name}: {}", answer.body));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_grants_to_no_voter_of_another_and_reads_none_of_its_votes() -> Result<()> {
    let scene = Scene::start(&[]).await?;
    let one = scene.admit_partner("one").await?;
    let other = scene.admit_partner("other").await?;
    let operator = scene.admin().await?.access_token;
    let campaign = open_campaign(&scene, &operator).await?;
    let grants = format!("/campaigns/{campaign}/grants");
    let stranger = scene.sign_up("stranger", "stranger-password").await?;
    let stranger_id = stranger.to_string();
    let grant = |kind: &str, id: &str| {
        json!({
            "voter": { "kind": kind, "id": id },
            "tickets": 2, "reason": "entry", "grant_key": "1",
        })
    };
    for (kind, id) in [("other", "voter-1"), ("member", &stranger_id)] {
        let body = grant(kind, id);
        let request = scene.signed(&one, Method::POST, &grants, Some(&body));
        send(request).await?.expect_problem(403, "foreign_voter")?;
    }
    let body = grant("one", "voter-1");
    let request = scene.signed(&one, Method::POST, &grants, Some(&body));
    send(request).await?.expect(202)?;

    let votes = format!("/campaigns/{campaign}/votes");
    let ballot = json!({ "option": "a", "channel": "web", "tickets": 1 });
    let request = scene.signed(&one, Method::POST, &votes, Some(&ballot));
    let vote = send(request).await?.expect(202)?.id("vote_id")?;
    let path = format!("/votes/{vote}");
    let own = scene.signed(&one, Method::GET, &path, None);
    send(own).await?.expect(200)?;
    let foreign = scene.signed(&other, Method::GET, &path, None);
    send(foreign).await?.expect(404)?;
    let session = scene.sign_in("stranger", "stranger-password").await?;
    let by_member = scene.call(&session.access_token, Method::GET, &path, None);
    by_member.await?.expect(404)?;
    // A voter of the same name under another partner has a wallet of its own.
    let wallet = format!("/campaigns/{campaign}/wallet");
    let wallets = [&one, &other].map(|key| scene.signed(key, Method::GET, &wallet, None));
    let [mine, theirs] = wallets.map(send);
    assert_eq!(mine.await?.expect(200)?.body["balance"], 4);
    assert_eq!(theirs.await?.expect(200)?.body["balance"], 3);
    Ok(())
}

/// A campaign with three free tickets a day that is open by the time this returns.
async fn open_campaign(scene: &Scene, operator: &str) -> Result<Uuid> {
    let now = vote_domain::Clock::system().now();
    let draft = journeys::campaign::Draft::open_for(now, chrono::TimeDelta::hours(1));
    let draft = draft.body();
    let made = scene.call(operator, Method::POST, "/campaigns", Some(&draft));
    let campaign = made.await?.expect(201)?.id("campaign_id")?;
    let path = format!("/campaigns/{campaign}");
    loop {
        let shown = scene.call(operator, Method::GET, &path, None).await?;
        if shown.expect(200)?.body["state"] == "open" {
            return Ok(campaign);
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

async fn revoke(scene: &Scene, key: &PartnerKey) -> Result<()> {
    let admin = scene.admin().await?;
    let path = format!("/partners/{}/keys/{}", key.partner_id, key.key_id);
    let revoked = scene.call(&admin.access_token, Method::DELETE, &path, None);
    revoked.await?.expect(204)?;
    Ok(())
}
