//! Go: nothing in a repository moves the proxy that modules come from.
//!
//! `GOPROXY`, `GOPRIVATE`, `GONOSUMDB`, `GOSUMDB` and `GOFLAGS` come from the environment, from the user's `go env -w` and from the
//! installation, in this order. A `go.env` or `.env` in the module is not read. So it is always the built-in default that is assumed.

use super::Client;
use crate::routing::Routing;

pub(crate) static CLIENT: Client =
    Client { id: "go", reads: &[], serves: &["go-mod", "go-sum", "go-vendor", "go-work"], read: |_, _| Routing::default() };
