//! How the npm family writes what it wants: `^1.2.3`, `npm:real@1`, `user/repo#main`, `git+ssh://…`, `file:../x`, `workspace:*`, …
//!
//! Answers for: one specification or recorded address into its kind, the pins of git addresses, hashes as subresource integrity.
//! Source: npm-package-arg and hosted-git-info; pnpm's, yarn's and bun's additions. Never knows a registry: hosts that stand here
//! are those that npm itself turns into git repositories.

use std::borrow::Cow;

use crate::dependency::Locator;
use crate::text::{Span, Str};

/// What a specification asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Spec<'a> {
    /// One version of a registry.
    Version(&'a str),
    /// A range, a tag or nothing: a registry decides.
    Range(&'a str),
    /// Another package than the name says: its real name, and what is asked of it (`""` if nothing is).
    Alias {
        /// The real name.
        name: &'a str,
        /// A version, range or tag.
        wanted: &'a str,
    },
    /// A repository, without its fragment.
    Git {
        /// Its address as written; where a short form was written, the address that it stands for.
        url: Cow<'a, str>,
        /// What stands behind `#`.
        fragment: &'a str,
    },
    /// A file on a server.
    Address(&'a str),
    /// A folder or archive, without `file:`.
    Path(&'a str),
    /// A member of the same repository: what stands behind `workspace:`.
    Workspace(&'a str),
    /// A catalog of the workspace: its name, `""` for the default one.
    Catalog(&'a str),
    /// A package of JSR: what stands behind `jsr:`.
    Jsr(&'a str),
    /// A protocol that nothing here knows.
    Unknown(&'a str),
}

/// What an unfinished address begins with, and the site that it stands for.
const SHORTHANDS: [(&str, &str); 4] = [
    ("github:", "https://github.com/"),
    ("gitlab:", "https://gitlab.com/"),
    ("bitbucket:", "https://bitbucket.org/"),
    ("gist:", "https://gist.github.com/"),
];

/// Sites whose `https://<site>/<owner>/<repository>` npm clones instead of downloading.
const HOSTED: [&str; 3] = ["github.com", "gitlab.com", "bitbucket.org"];

const ARCHIVES: [&str; 3] = [".tgz", ".tar.gz", ".tar"];

/// Whether a specification asks a registry for a package by the name before it: nothing else may stand in its place.
pub(crate) fn is_plain(spec: &str) -> bool {
    matches!(parse(spec), Spec::Version(_) | Spec::Range(_))
}

/// Reads one specification.
pub(crate) fn parse(spec: &str) -> Spec<'_> {
    let spec = spec.trim();
    if let Some(real) = spec.strip_prefix("npm:") {
        return alias(real);
    }
    if let Some(rest) = spec.strip_prefix("workspace:") {
        return Spec::Workspace(rest);
    }
    if let Some(rest) = spec.strip_prefix("catalog:") {
        return Spec::Catalog(rest.trim());
    }
    if let Some(rest) = spec.strip_prefix("jsr:") {
        return Spec::Jsr(rest);
    }
    if let Some(path) = path_of(spec) {
        return Spec::Path(path);
    }
    if let Some(git) = git(spec) {
        return git;
    }
    if spec.starts_with("http://") || spec.starts_with("https://") {
        return Spec::Address(spec);
    }
    if let Some(git) = shorthand(spec) {
        return git;
    }
    if spec.contains("://") || spec.split_once(':').is_some_and(|(scheme, _)| is_scheme(scheme)) {
        return Spec::Unknown(spec);
    }
    if is_archive(spec) {
        return Spec::Path(spec);
    }
    match exact(spec) {
        Some(version) => Spec::Version(version),
        None => Spec::Range(spec),
    }
}

fn is_archive(spec: &str) -> bool {
    let end_of = |length: usize| spec.len().checked_sub(length).and_then(|start| spec.get(start..));
    ARCHIVES.iter().any(|end| end_of(end.len()).is_some_and(|found| found.eq_ignore_ascii_case(end)))
}

/// `real@wanted` behind `npm:`; a bare range keeps the name (`npm:^1.2.3`, yarn's long form).
fn alias(real: &str) -> Spec<'_> {
    let (name, wanted) = split_name(real);
    if is_name(name) && !(wanted.is_empty() && looks_like_range(name)) {
        return Spec::Alias { name, wanted };
    }
    match exact(real) {
        Some(version) => Spec::Version(version),
        None => Spec::Range(real),
    }
}

fn looks_like_range(word: &str) -> bool {
    word.is_empty() || word.starts_with(|first: char| first.is_ascii_digit() || "^~*<>=".contains(first))
}

/// Divides `name@rest` at the `@` that is not a scope's; the rest is empty if there is none.
pub(crate) fn split_name(descriptor: &str) -> (&str, &str) {
    let after_scope = usize::from(descriptor.starts_with('@'));
    match descriptor.get(after_scope..).and_then(|rest| rest.split_once('@')) {
        Some((name, wanted)) => (descriptor.get(..after_scope + name.len()).unwrap_or(""), wanted),
        None => (descriptor, ""),
    }
}

/// Whether a word can be a package's name: one part, or a scope and one part, without anything that leads elsewhere.
pub(crate) fn is_name(name: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains(leads_elsewhere);
    match name.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').is_some_and(|(scope, name)| is_part(scope) && is_part(name)),
        None => is_part(name),
    }
}

/// Whether a package that has a name of its own may be installed there: a name, or names below each other
/// (`@scope/node_modules/name`, which yarn takes from a manifest).
pub(crate) fn is_folder(path: &str) -> bool {
    path.split('/').all(|part| is_name(part.strip_prefix('@').unwrap_or(part)))
}

fn leads_elsewhere(c: char) -> bool {
    !c.is_ascii_alphanumeric() && (c.is_control() || c.is_whitespace() || "/\\:@#?%&\"'<>^|`".contains(c))
}

/// The version that a specification names exactly, without `=` and `v` in front.
pub(crate) fn exact(spec: &str) -> Option<&str> {
    let version = spec.trim().trim_start_matches('=').trim_start();
    let version = version.strip_prefix(['v', 'V']).unwrap_or(version);
    is_version(version).then_some(version)
}

/// Whether a text is a version as semver writes it, in the loose form that old packages have: three numbers, then perhaps a
/// pre-release and a build.
pub(crate) fn is_version(version: &str) -> bool {
    let mut rest = version;
    for position in 0..3 {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let after = rest.get(digits..).unwrap_or("");
        rest = match (digits, position) {
            (0, _) => return false,
            (_, 2) => after,
            _ => match after.strip_prefix('.') {
                Some(after) => after,
                None => return false,
            },
        };
    }
    !rest.starts_with('.')
        && rest != "-"
        && rest != "+"
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte))
}

/// Whether a lockfile's version is one: semver, or fewer numbers as some private registries have them.
pub(crate) fn is_locked_version(version: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    is_version(version) || version.split('.').all(is_number)
}

fn is_scheme(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphabetic())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn path_of(spec: &str) -> Option<&str> {
    for prefix in ["file:", "link:", "portal:"] {
        if let Some(path) = spec.strip_prefix(prefix) {
            return Some(path.strip_prefix("//").filter(|rest| !rest.is_empty()).unwrap_or(path));
        }
    }
    let is_path = ["./", "../", "/", "~/", ".\\", "..\\"].iter().any(|start| spec.starts_with(start))
        || matches!(spec, "." | "..")
        || matches!(spec.as_bytes(), [drive, b':', b'/' | b'\\', ..] if drive.is_ascii_alphabetic());
    is_path.then_some(spec)
}

/// Addresses that are repositories by their scheme, by `.git`, or by npm's knowledge of a site.
fn git(spec: &str) -> Option<Spec<'_>> {
    let (url, fragment) = spec.split_once('#').unwrap_or((spec, ""));
    let git = Some(Spec::Git { url: Cow::Borrowed(url), fragment });
    let by_scheme = ["git+", "git:", "git@", "ssh:"].iter().any(|start| url.starts_with(start));
    if by_scheme {
        return git;
    }
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    let (host, path) = url.split_once("://").map(|(_, rest)| rest)?.split_once('/')?;
    let path = path.split('?').next().unwrap_or("").trim_end_matches('/');
    let is_repository = path.split('/').filter(|part| !part.is_empty()).count() == 2;
    let host = host.rsplit('@').next().unwrap_or(host);
    if is_web && (path.strip_suffix(".git").is_some() || (is_repository && HOSTED.contains(&host))) { git } else { None }
}

/// `github:user/repo`, `user/repo` and scp's `user@host:path`.
fn shorthand(spec: &str) -> Option<Spec<'_>> {
    let (place, fragment) = spec.split_once('#').unwrap_or((spec, ""));
    let hosted = |site: &str, path: &str| {
        let path = path.rsplit('@').next().unwrap_or(path);
        Some(Spec::Git { url: Cow::Owned(format!("{site}{path}")), fragment })
    };
    for (prefix, site) in SHORTHANDS {
        if let Some(path) = place.strip_prefix(prefix) {
            return hosted(site, path);
        }
    }
    if let Some((user_and_host, path)) = place.split_once(':') {
        let is_scp = user_and_host.contains('@') && !user_and_host.contains('/') && !path.is_empty();
        return is_scp.then_some(Spec::Git { url: Cow::Borrowed(place), fragment });
    }
    let (owner, repository) = place.split_once('/')?;
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if is_word(owner) && is_word(repository) { hosted("https://github.com/", place) } else { None }
}

/// What pins a repository and what moves it, from the text behind `#`: a full commit, or a branch, tag or range.
pub(crate) fn pin(fragment: &str) -> (Option<&str>, Option<&str>) {
    let mut moving = None;
    for part in fragment.split('&').filter(|part| !part.is_empty()) {
        let value = ["commit=", "commit:"].iter().find_map(|key| part.strip_prefix(key)).unwrap_or(part);
        if is_commit(value) {
            return (Some(value), None);
        }
        let is_detail = ["path:", "workspace=", "cwd="].iter().any(|key| part.starts_with(key));
        if !is_detail {
            moving.get_or_insert(part);
        }
    }
    (None, moving)
}

/// Whether a text is the full name of a commit.
pub(crate) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The repository and reference behind the address of an archive that a git site makes of any commit.
pub(crate) fn hosted_archive(url: &str) -> Option<(String, &str)> {
    let url = url.split('#').next().unwrap_or(url);
    let rest = url.strip_prefix("https://")?;
    let (host, path) = rest.split_once('/')?;
    let parts: Vec<&str> = path.split('/').collect();
    match (host, parts.as_slice()) {
        ("codeload.github.com", [owner, name, "tar.gz" | "legacy.tar.gz", reference @ ..]) => {
            let reference = tail(path, reference)?;
            let reference = reference.strip_prefix("refs/heads/").or(reference.strip_prefix("refs/tags/")).unwrap_or(reference);
            Some((format!("https://github.com/{owner}/{name}"), reference))
        }
        ("bitbucket.org", [owner, name, "get", file]) => {
            Some((format!("https://bitbucket.org/{owner}/{name}"), file.strip_suffix(".tar.gz")?))
        }
        ("gitlab.com", _) => gitlab_archive(path),
        _ => None,
    }
}

fn gitlab_archive(path: &str) -> Option<(String, &str)> {
    if let Some(project) = path.strip_prefix("api/v4/projects/") {
        let (project, rest) = project.split_once("/repository/archive.tar.gz?")?;
        let reference = rest.split('&').find_map(|part| part.strip_prefix("ref=").or(part.strip_prefix("sha=")))?;
        return Some((format!("https://gitlab.com/{}", project.replace("%2F", "/").replace("%2f", "/")), reference));
    }
    if let Some((project, reference)) = path.split_once("/repository/archive.tar.gz?ref=") {
        return Some((format!("https://gitlab.com/{project}"), reference));
    }
    let (project, rest) = path.split_once("/-/archive/")?;
    Some((format!("https://gitlab.com/{project}"), rest.split('/').next()?))
}

/// The end of `path` that begins with the first of `parts`.
fn tail<'a>(path: &'a str, parts: &[&str]) -> Option<&'a str> {
    let length = parts.iter().map(|part| part.len() + 1).sum::<usize>().checked_sub(1)?;
    path.get(path.len().checked_sub(length)?..)
}

/// Where something comes from, and what moves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Located {
    /// Where from.
    pub(crate) locator: Locator,
    /// The branch or tag that moves it.
    pub(crate) moving: Option<Str>,
}

impl From<Locator> for Located {
    fn from(locator: Locator) -> Self {
        Self { locator, moving: None }
    }
}

/// The repository that `spec`, cut out of `whole`, names; `None` if it names none.
pub(crate) fn git_located(spec: &Spec<'_>, whole: &Str, content: &str) -> Option<Located> {
    let Spec::Git { url, fragment } = spec else { return None };
    let (commit, moving) = pin(fragment);
    let url = match url {
        Cow::Borrowed(url) => part(whole, content, url),
        Cow::Owned(url) => Str::made(whole.span, url.as_str()),
    };
    let commit = commit.map(|commit| part(whole, content, commit));
    Some(Located { locator: Locator::Git { url, commit }, moving: moving.map(|moving| part(whole, content, moving)) })
}

/// The repository behind an archive that a git site makes, cut out of `whole`; `None` if `address` is no such archive.
pub(crate) fn archive_located(address: &str, whole: &Str, content: &str) -> Option<Located> {
    let (url, reference) = hosted_archive(address)?;
    let found = part(whole, content, reference);
    let url = Str::made(whole.span, url);
    let (commit, moving) = if is_commit(reference) { (Some(found), None) } else { (None, Some(found)) };
    Some(Located { locator: Locator::Git { url, commit }, moving })
}

/// `piece` with its place, where `piece` was cut out of what `whole` means.
pub(crate) fn part(whole: &Str, content: &str, piece: &str) -> Str {
    let base = whole.of(content);
    let offset = piece.as_ptr().addr().wrapping_sub(base.as_ptr().addr());
    if whole.made.is_some() || offset > base.len() {
        return Str::made(whole.span, piece);
    }
    let start = whole.span.start as usize + offset;
    Str::at(Span::new(start, start + piece.len()))
}

/// `path` of a project in `folder`, seen from the lockfile's folder; what leads out keeps its `..`.
pub(crate) fn relative(folder: &str, path: &str) -> String {
    if path.starts_with('/') || path.as_bytes().get(1) == Some(&b':') {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split(['/', '\\'])) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// The hashes of a subresource integrity text; `Err` holds a word of it that is none.
pub(crate) fn hashes(integrity: &str) -> impl Iterator<Item = Result<&str, &str>> {
    integrity.split_ascii_whitespace().map(|word| if is_hash(word) { Ok(word) } else { Err(word) })
}

fn is_hash(word: &str) -> bool {
    let Some((algorithm, digest)) = word.split_once('-') else { return false };
    let digest = digest.split('?').next().unwrap_or("");
    matches!(algorithm, "sha512" | "sha384" | "sha256" | "sha1" | "md5")
        && !digest.is_empty()
        // All bytes are looked at, which can be done many at once.
        && digest.bytes().fold(true, |is_fine, byte| {
            is_fine & (byte.is_ascii_alphanumeric() | matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifications() {
        let git = |url: &str, fragment: &'static str| Spec::Git { url: Cow::Owned(url.to_owned()), fragment };
        for (written, meant) in [
            ("1.2.3", Spec::Version("1.2.3")),
            ("=v1.2.3-rc.1+b", Spec::Version("1.2.3-rc.1+b")),
            ("^1.2.3", Spec::Range("^1.2.3")),
            ("1.2", Spec::Range("1.2")),
            ("", Spec::Range("")),
            ("latest", Spec::Range("latest")),
            ("npm:@scope/real@^4", Spec::Alias { name: "@scope/real", wanted: "^4" }),
            ("npm:real", Spec::Alias { name: "real", wanted: "" }),
            ("npm:^4.0.0", Spec::Range("^4.0.0")),
            ("file:../x", Spec::Path("../x")),
            ("link:./y", Spec::Path("./y")),
            ("./z.tgz", Spec::Path("./z.tgz")),
            ("C:\\z", Spec::Path("C:\\z")),
            ("workspace:^", Spec::Workspace("^")),
            ("catalog:react18", Spec::Catalog("react18")),
            ("user/repo#main", git("https://github.com/user/repo", "main")),
            ("gitlab:a/b", git("https://gitlab.com/a/b", "")),
            ("git@github.com:a/b.git#v1", git("git@github.com:a/b.git", "v1")),
            ("git+https://example.com/a.git#x", git("git+https://example.com/a.git", "x")),
            ("https://github.com/a/b", git("https://github.com/a/b", "")),
            ("https://example.com/a/b.git", git("https://example.com/a/b.git", "")),
            ("https://example.com/a/b.tgz", Spec::Address("https://example.com/a/b.tgz")),
            ("https://github.com/a/b/archive/v1.tar.gz", Spec::Address("https://github.com/a/b/archive/v1.tar.gz")),
            ("jsr:@std/path@^1", Spec::Jsr("@std/path@^1")),
            ("evil:thing", Spec::Unknown("evil:thing")),
        ] {
            assert_eq!(parse(written), meant, "{written}");
        }
    }

    #[test]
    fn pins() {
        let sha = "a9ee72ebc8fe3975f1b0c7aeb3a8f2a806a432eb";
        assert_eq!(pin(sha), (Some(sha), None));
        assert_eq!(pin(&format!("workspace=x&commit={sha}")), (Some(sha), None));
        assert_eq!(pin("a9ee72e"), (None, Some("a9ee72e")));
        assert_eq!(pin("semver:^1"), (None, Some("semver:^1")));
        assert_eq!(pin("path:/packages/x"), (None, None));
        assert_eq!(pin(""), (None, None));
    }

    #[test]
    fn archives_of_git_sites() {
        let found = |url| hosted_archive(url).map(|(url, reference)| format!("{url} {reference}"));
        assert_eq!(found("https://codeload.github.com/a/b/tar.gz/refs/heads/x/y"), Some("https://github.com/a/b x/y".into()));
        assert_eq!(found("https://bitbucket.org/a/b/get/v1.tar.gz"), Some("https://bitbucket.org/a/b v1".into()));
        let gitlab = "https://gitlab.com/api/v4/projects/a%2Fb/repository/archive.tar.gz?ref=main";
        assert_eq!(found(gitlab), Some("https://gitlab.com/a/b main".into()));
        assert_eq!(
            found("https://gitlab.com/a/b/repository/archive.tar.gz?ref=main"),
            Some("https://gitlab.com/a/b main".into())
        );
        assert_eq!(found("https://evil.example/a/b/tar.gz/main"), None);
    }
}
