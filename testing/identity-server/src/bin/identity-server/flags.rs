//! The flags.

use std::path::PathBuf;
use std::str::FromStr;

use lexopt::prelude::*;
use pilotlight_identity_server::{
    AccessTokens, Account, Algorithm, Api, Client, DeadRefreshToken, Options, RateLimit, UpdatedAt,
};

pub(crate) const HELP: &str = "\
An Auth0-compatible identity server for demos and tests, on 127.0.0.1 only. It guards nothing.

Usage: identity-server [FLAGS]

  --port PORT              0 (the default) takes a free one
  --public-url URL         announce the endpoints under this address (a proxy's)
  --ready-file FILE        write the issuer to FILE once listening
  --until-stdin-closes     quit when standard input ends, as it does with the parent

Clients and users (any of them replaces the defaults: client native-app; ada@example.com and grace@example.com
with the password 'correct horse')
  --client-id ID           a public native client; may be repeated
  --redirect-uri URI       allowed for every client, beside the usual ones; may be repeated
  --user EMAIL:PASSWORD    may be repeated
  --audience URI           an API tokens can be asked for; may be repeated
  --default-audience URI   the API meant where a request names none

Lifetimes, in seconds
  --ttl-access N           access tokens (86400)
  --ttl-id N               ID tokens (36000)
  --ttl-refresh N          refresh tokens, from the sign-in on (2592000)
  --ttl-refresh-idle N     refresh tokens, from the last use on (none)
  --ttl-code N             authorization codes (60)
  --clock-offset N         how far ahead of the machine's clock the server's is (0; negative: behind)

Tokens
  --rotation, --no-rotation    whether a refresh replaces the refresh token (it does)
  --leeway N               the rotation overlap period, in seconds (0)
  --dead-refresh-token WAY invalid_grant403 (default), access_denied403, invalid_grant400, empty400
  --alg ALG                RS256 (default), PS256, ES256, EdDSA
  --no-jwk-alg             publish keys without their alg
  --opaque                 opaque access tokens only
  --no-iss                 no iss in the authorization response

Profile
  --userinfo-jwt           a signed application/jwt from /userinfo
  --updated-at-number      updated_at as seconds instead of ISO 8601
  --legacy                 /delegation, /tokeninfo and /oauth/ro are on, as they can be for tenants made before June 2017
  --older-tenant           user_id, identities, clientID and created_at in the profile; the Management API takes ID tokens

Limits, as REQUESTS/SECONDS
  --rate-limit-token, --rate-limit-userinfo, --rate-limit-management

  -h, --help

Prints 'listening: http://127.0.0.1:PORT/' and 'control: http://127.0.0.1:PORT/_control/' when it is ready.
";

pub(crate) enum Command {
    Serve(Box<Flags>),
    Help,
}

#[derive(Default)]
pub(crate) struct Flags {
    pub(crate) options: Options,
    pub(crate) clock_offset: i64,
    pub(crate) ready_file: Option<PathBuf>,
    pub(crate) until_stdin_closes: bool,
}

pub(crate) fn parse(mut parser: lexopt::Parser) -> Result<Command, lexopt::Error> {
    let mut flags = Flags::default();
    let (mut clients, mut redirect_uris, mut accounts, mut apis) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    while let Some(argument) = parser.next()? {
        let Flags {
            options,
            clock_offset,
            ready_file,
            until_stdin_closes,
        } = &mut flags;
        let settings = &mut options.settings;
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Long("port") => options.port = value(&mut parser)?,
            Long("public-url") => options.public_url = Some(value(&mut parser)?),
            Long("ready-file") => *ready_file = Some(parser.value()?.into()),
            Long("until-stdin-closes") => *until_stdin_closes = true,
            Long("client-id") => clients.push(Client::native(&parser.value()?.string()?)),
            Long("redirect-uri") => redirect_uris.push(value::<String>(&mut parser)?),
            Long("user") => accounts.push(account(&parser.value()?.string()?)?),
            Long("audience") => apis.push(Api {
                identifier: value(&mut parser)?,
                scopes: Vec::new(),
            }),
            Long("default-audience") => settings.default_audience = Some(value(&mut parser)?),
            Long("ttl-access") => settings.access_token_lifetime = value(&mut parser)?,
            Long("ttl-id") => settings.id_token_lifetime = value(&mut parser)?,
            Long("ttl-refresh") => settings.refresh_token_lifetime = value(&mut parser)?,
            Long("ttl-refresh-idle") => settings.refresh_token_idle_lifetime = Some(value(&mut parser)?),
            Long("ttl-code") => settings.code_lifetime = value(&mut parser)?,
            Long("clock-offset") => *clock_offset = value(&mut parser)?,
            Long("rotation") => settings.rotation = true,
            Long("no-rotation") => settings.rotation = false,
            Long("leeway") => settings.leeway = value(&mut parser)?,
            Long("dead-refresh-token") => settings.dead_refresh_token = dead(&parser.value()?.string()?)?,
            Long("alg") => settings.algorithm = algorithm(&parser.value()?.string()?)?,
            Long("no-jwk-alg") => settings.jwk_alg = false,
            Long("opaque") => settings.access_tokens = AccessTokens::Opaque,
            Long("no-iss") => settings.iss_in_authorization_response = false,
            Long("userinfo-jwt") => settings.userinfo_jwt = true,
            Long("updated-at-number") => settings.updated_at = UpdatedAt::Number,
            Long("legacy") => settings.legacy = true,
            Long("older-tenant") => (settings.older_tenant_profile, settings.id_token_as_bearer) = (true, true),
            Long("rate-limit-token") => settings.rate_limit_token = Some(rate_limit(&mut parser)?),
            Long("rate-limit-userinfo") => settings.rate_limit_userinfo = Some(rate_limit(&mut parser)?),
            Long("rate-limit-management") => settings.rate_limit_management = Some(rate_limit(&mut parser)?),
            other => return Err(other.unexpected()),
        }
    }
    let options = &mut flags.options;
    if !clients.is_empty() {
        options.clients = clients;
    }
    if !accounts.is_empty() {
        options.accounts = accounts;
    }
    options.apis.extend(apis);
    for client in &mut options.clients {
        client.redirect_uris.extend(redirect_uris.iter().cloned());
        client.logout_uris.extend(redirect_uris.iter().cloned());
    }
    Ok(Command::Serve(Box::new(flags)))
}

fn value<T: FromStr<Err: Into<Box<dyn std::error::Error + Send + Sync>>>>(
    parser: &mut lexopt::Parser,
) -> Result<T, lexopt::Error> {
    parser.value()?.parse()
}

fn account(text: &str) -> Result<Account, lexopt::Error> {
    let (email, password) = text.split_once(':').ok_or("--user takes EMAIL:PASSWORD")?;
    let name = email.split('@').next().unwrap_or(email);
    Ok(Account::new(&format!("auth0|{name}"), email, password))
}

fn algorithm(name: &str) -> Result<Algorithm, lexopt::Error> {
    let mut all = Algorithm::ALL.into_iter();
    Ok(all
        .find(|algorithm| algorithm.name() == name)
        .ok_or("--alg takes RS256, PS256, ES256 or EdDSA")?)
}

fn dead(name: &str) -> Result<DeadRefreshToken, lexopt::Error> {
    Ok(match name {
        "invalid_grant403" => DeadRefreshToken::InvalidGrant403,
        "access_denied403" => DeadRefreshToken::AccessDenied403,
        "invalid_grant400" => DeadRefreshToken::InvalidGrant400,
        "empty400" => DeadRefreshToken::Empty400,
        _ => return Err("--dead-refresh-token takes one of the four ways in --help".into()),
    })
}

fn rate_limit(parser: &mut lexopt::Parser) -> Result<RateLimit, lexopt::Error> {
    let text = parser.value()?.string()?;
    let (requests, seconds) = text.split_once('/').ok_or("rate limits are REQUESTS/SECONDS")?;
    let wrong = |error: std::num::ParseIntError| error.to_string();
    Ok(RateLimit::new(
        requests.parse().map_err(wrong)?,
        seconds.parse().map_err(wrong)?,
    ))
}
