//! How bytes get to GitHub and back: octocrab over hyper, TLS by rustls, through a proxy if one is named.
//!
//! Answers for: every request going to the one address that the token is for, whatever route it was made with; no redirect being followed;
//! and what failed below HTTP being told apart.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, USER_AGENT};
use http::{HeaderValue, Request, Uri};
use hyper_rustls::{ConfigBuilderExt, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::{TokioExecutor, TokioIo};
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;
use tokio::net::TcpStream;
use tower::util::BoxCloneSyncService;
use tower::{ServiceExt, service_fn};

use super::access::Access;
use super::fault::{Why, short};

/// The named limit on making a connection.
const CONNECT_MAX: Duration = Duration::from_secs(20);

const AGENT: HeaderValue = HeaderValue::from_static(concat!("packman/", env!("CARGO_PKG_VERSION")));

type Way = BoxCloneSyncService<Uri, TokioIo<TcpStream>, Box<dyn Error + Send + Sync>>;

/// What failed below HTTP.
#[derive(Debug, Error)]
#[error("the connection failed")]
pub(super) struct Lost(pub(super) Why);

/// A client for the address, whose requests bear the token. It must be made where tokio runs.
pub(super) fn connect(access: &Access) -> Result<Octocrab, Why> {
    let tls = tls(access)?;
    let https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(way(access));
    let client: Client<_, OctoBody> = Client::builder(TokioExecutor::new()).build(https);
    let (api, token, is_proxied) = (access.api.clone(), access.token.header(), access.proxy.is_some());
    let service = service_fn(move |mut request: Request<OctoBody>| {
        let route = request.uri().path_and_query().filter(|_| request.uri().authority().is_none());
        let whole = route.and_then(|route| api.at(route.as_str()));
        let client = client.clone();
        if let Some(whole) = &whole {
            *request.uri_mut() = whole.clone();
            request.headers_mut().insert(AUTHORIZATION, token.clone());
            request.headers_mut().insert(USER_AGENT, AGENT);
        }
        async move {
            if whole.is_none() {
                return Err(Lost(Why::Odd("a route of its own")));
            }
            client.request(request).await.map_err(|error| Lost(why(&error, is_proxied)))
        }
    });
    let built = OctocrabBuilder::new_empty().with_service(service).with_auth(AuthState::None).build();
    built.map_err(|never| match never {})
}

fn way(access: &Access) -> Way {
    let mut direct = HttpConnector::new();
    direct.enforce_http(false);
    direct.set_connect_timeout(Some(CONNECT_MAX));
    match &access.proxy {
        None => Way::new(direct.map_err(Into::into)),
        Some(proxy) => {
            let tunnel = Tunnel::new(proxy.uri.clone(), direct);
            let tunnel = match &proxy.auth {
                Some(auth) => tunnel.with_auth(auth.clone()),
                None => tunnel,
            };
            Way::new(tunnel.map_err(Into::into))
        }
    }
}

/// The certificates that the system trusts. On this machine, without TLS, none are looked for.
fn tls(access: &Access) -> Result<ClientConfig, Why> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| Why::Tls(short(&error.to_string())))?;
    if access.api.uri.scheme_str() != Some("https") {
        return Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth());
    }
    let trusting =
        builder.with_native_roots().map_err(|_| Why::Tls("the system has no certificates that it trusts".to_owned()))?;
    Ok(trusting.with_no_client_auth())
}

/// What an error of the connection is about. What lies deepest says it best.
fn why(error: &(dyn Error + 'static), is_proxied: bool) -> Why {
    let mut chain: Vec<&(dyn Error + 'static)> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        chain.push(error);
        // What an I/O error is made of is not its source.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = inner.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source());
    }
    if let Some(error) = chain.iter().find_map(|error| error.downcast_ref::<rustls::Error>()) {
        return Why::Tls(short(&error.to_string()));
    }
    let kind = chain.iter().rev().find_map(|error| error.downcast_ref::<io::Error>()).map(io::Error::kind);
    let says = |words: &str| chain.iter().any(|error| error.to_string().contains(words));
    let is_tunnel = says("tunnel error");
    match kind {
        _ if says("proxy authorization required") => Why::Proxy("wants a name and a password"),
        _ if says("dns error") && is_proxied => Why::Proxy("has a name that cannot be looked up"),
        _ if says("dns error") => Why::NoSuchHost,
        Some(io::ErrorKind::ConnectionRefused) if is_proxied => Why::Proxy("refuses the connection"),
        Some(io::ErrorKind::ConnectionRefused) => Why::Refused,
        Some(io::ErrorKind::TimedOut) => Why::Silent(CONNECT_MAX.as_secs()),
        _ if is_tunnel => Why::Proxy("lets nothing through"),
        _ => Why::Broken,
    }
}
