//! Archives that code hosts make of a repository, as Composer's locks record them beside the repository itself.
//!
//! Answers for: whether an archive is of another repository, or of another commit, than the one that it stands beside. Addresses of no
//! known form say nothing.

use crate::address;

/// Whether an archive's address names another repository of the same code host than `repository`, or another commit than `reference`
/// (empty where there is none).
#[must_use]
pub fn is_archive_of_another(archive: &str, repository: &str, reference: &str) -> bool {
    let Some((owner_and_name, commit)) = archived(archive) else { return false };
    let repository = address::repository(repository);
    let Some((_, wanted)) = repository.split_once('/') else { return false };
    let is_same_commit = reference.is_empty() || commit.is_empty() || commit == reference;
    !owner_and_name.eq_ignore_ascii_case(wanted) || !is_same_commit
}

/// Owner and name of the repository that an address is an archive of, and the commit; `None` for other addresses.
fn archived(written: &str) -> Option<(String, &str)> {
    let (plain, query) = written.split_once('?').unwrap_or((written, ""));
    let address = address::read(plain).ok()?;
    let path = plain.get(plain.len() - address.path.len()..).filter(|path| *path == address.path)?;
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match (address.host.as_ref(), parts.as_slice()) {
        ("api.github.com", ["repos", owner, name, "zipball" | "tarball", commit]) => Some((format!("{owner}/{name}"), commit)),
        ("codeload.github.com", [owner, name, "legacy.zip" | "legacy.tar.gz" | "zip" | "tar.gz", commit]) => {
            Some((format!("{owner}/{name}"), commit))
        }
        ("bitbucket.org", [owner, name, "get", file]) => {
            Some((format!("{owner}/{name}"), file.strip_suffix(".zip").or_else(|| file.strip_suffix(".tar.gz"))?))
        }
        (_, ["api", "v4", "projects", project, "repository", "archive.zip" | "archive.tar.gz"]) => {
            let commit = query.split('&').find_map(|pair| pair.strip_prefix("sha=")).unwrap_or("");
            let project = super::decoded(project).into_owned();
            // A project may be named by its number.
            project.contains('/').then_some((project, commit))
        }
        _ => None,
    }
}
