//! Docker, Podman, Kubernetes: nothing in a repository moves the registry that images come from.
//!
//! Mirrors stand in the daemon's `daemon.json`, in BuildKit's `buildkitd.toml`, in Podman's `registries.conf` and in containerd's
//! `hosts.toml`, all of them files of the machine. Copies of these in a repository are not read by any of them. So a reference without
//! a host means the built-in default, and a host means that host; a mirror may answer in its place, which only a digest protects from.

use super::Client;
use crate::routing::Routing;

pub(crate) static CLIENT: Client = Client {
    id: "docker",
    reads: &[],
    serves: &[
        "compose",
        "compose-file",
        "devcontainer",
        "devcontainer-lock",
        "dockerfile",
        "helm-template",
        "helm-values",
        "kubernetes",
        "kustomization",
    ],
    read: |_, _| Routing::default(),
};
