//! Pipenv: the sources that stand in `Pipfile.lock` itself, or in a `Pipfile` without a lock.
//!
//! `pipenv sync` reads the lock's `_meta.sources` only: another address in the `Pipfile` changes nothing, `.env` and `pip.conf` neither
//! (format `pipfile-lock`). `PIPENV_PYPI_MIRROR` and `PIP_EXTRA_INDEX_URL` of the environment are outside. `verify_ssl = false` is passed on.

use crate::clients::{Client, pip};

/// The row of the table.
pub(super) static CLIENT: Client = Client { id: "pipenv", reads: &[], serves: &["pipfile", "pipfile-lock"], read: pip::read };

#[cfg(test)]
mod tests {
    use crate::clients::testing::routing;

    #[test]
    fn the_lock_alone_is_read() {
        let lock = r#"{ "_meta": { "pipfile-spec": 6, "sources": [ { "name": "a", "url": "https://a.example/", "verify_ssl": false } ] } }"#;
        let files = [("Pipfile", "[[source]]\nname = \"b\"\nurl = \"https://b.example/\"\n"), ("Pipfile.lock", lock)];
        assert_eq!(routing("Pipfile.lock", &files), "setting TlsOff verify_ssl at Pipfile.lock:1\n");
    }
}
