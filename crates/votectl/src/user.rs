//! `votectl user`: accounts and their roles.

use std::io::BufRead;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use uuid::Uuid;

use crate::api::{Api, Call};
use crate::operator::{Connection, LOGIN, Operator};
use crate::table;

const HINTS: &str = "Examples:
  VOTECTL_NEW_PASSWORD='correct horse' votectl user create ada --role operator
  echo 'correct horse' | votectl user create ada --password-stdin
  votectl user role 0f9a1c52-7c1e-4d0b-9b8e-2f1f6a0c9d11 moderator

Anybody may make an account; roles are given by admins, and hold at once.";

/// Makes accounts and gives roles; for admins.
#[derive(Debug, Args)]
#[command(after_help = HINTS, after_long_help = format!("{HINTS}\n\n{LOGIN}"))]
pub(crate) struct UserTask {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Debug, Subcommand)]
enum Kind {
    /// Make an account, a member unless --role says otherwise
    Create {
        /// Its name: 3 to 32 of a-z, 0-9, _, . and -
        user_name: String,
        /// Its password, 8 to 72 bytes; better by environment or --password-stdin
        #[arg(long, env = "VOTECTL_NEW_PASSWORD", hide_env_values = true)]
        new_password: Option<String>,
        /// Read the password as one line from standard input
        #[arg(long, conflicts_with = "new_password")]
        password_stdin: bool,
        /// Give it this role, too
        #[arg(long, value_enum, default_value_t = Role::Member)]
        role: Role,
        /// Only say what would be sent
        #[arg(long)]
        dry_run: bool,
    },
    /// Give an account a role; it holds at once
    Role {
        /// The account
        user_id: Uuid,
        /// The role
        #[arg(value_enum)]
        role: Role,
        /// Only say what would be sent
        #[arg(long)]
        dry_run: bool,
    },
}

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Role {
    /// Vote and review
    Member,
    /// Also remove reviews, and void votes on them
    Moderator,
    /// Also keep catalog, campaigns and dead letters, grant, and void votes in campaigns
    Operator,
    /// Also keep partners, and give roles
    Admin,
}

impl Role {
    fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Moderator => "moderator",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

impl UserTask {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        match self.kind {
            Kind::Create {
                user_name,
                new_password,
                password_stdin,
                role,
                dry_run,
            } => {
                let password = password(new_password, password_stdin)?;
                let body = json!({ "user_name": user_name, "password": password });
                let call = Call::post("/users").body(body);
                create(&self.connection, call, role, dry_run).await
            }
            Kind::Role {
                user_id,
                role,
                dry_run,
            } => {
                let mut operator = self.connection.open().await?;
                let call = role_call(&user_id.to_string(), role);
                if dry_run {
                    operator.tell_dry(&call)?;
                    return Ok(ExitCode::SUCCESS);
                }
                let answer = operator.ask_catalog(call, "giving the role").await?;
                operator.tell(&answer.body, || table::fields(&answer.body))?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

fn password(given: Option<String>, from_stdin: bool) -> Result<String> {
    match given {
        Some(password) => Ok(password),
        None if from_stdin => {
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line)?;
            Ok(line.trim_end_matches(['\r', '\n']).to_owned())
        }
        None => bail!("which password? Set VOTECTL_NEW_PASSWORD, or give --password-stdin"),
    }
}

fn role_call(user: &str, role: Role) -> Call<'static> {
    Call::put(format!("/users/{user}/role")).body(json!({ "role": role.as_str() }))
}

async fn create(
    connection: &Connection,
    call: Call<'_>,
    role: Role,
    dry_run: bool,
) -> Result<ExitCode> {
    if dry_run {
        // Without the password.
        let name = call.body.as_ref().map(|body| body["user_name"].clone());
        let found = json!({ "dry_run": true, "user_name": name, "role": role.as_str() });
        connection.tell(&found, || {
            format!("{}\nnothing was changed", table::fields(&found))
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    if role == Role::Member {
        // Anybody may: nobody signs in for this.
        let api: Api = connection.catalog()?;
        let user = api.once(&call).await?.accept("making the account")?.body;
        connection.tell(&user, || table::fields(&user))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut operator: Operator = connection.open().await?;
    let made = operator
        .ask_catalog_once(call, "making the account")
        .await?;
    let id = made.text("user_id")?;
    let given = operator
        .ask_catalog(role_call(id, role), "giving the role")
        .await;
    let user = given
        .with_context(|| format!("the account {id} was made, as a member"))?
        .body;
    operator.tell(&user, || table::fields(&user))?;
    Ok(ExitCode::SUCCESS)
}
