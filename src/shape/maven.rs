//! Files of Maven repositories: `GROUP/AS/FOLDERS/ARTIFACT/VERSION/ARTIFACT-VERSION….jar`, below any path.

use super::Shape;

const SNAPSHOT: &str = "-SNAPSHOT";

pub(super) fn shape(path: &str, name: &str, version: &str) -> Shape {
    let Some((group, artifact)) = name.split_once(':') else { return Shape::Other };
    let mut parts = path.rsplitn(4, '/');
    let (Some(file), Some(at), Some(found), Some(before)) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Shape::Other;
    };
    if !is_file_of(file, found, at) {
        return Shape::Other;
    }
    let group = group.replace('.', "/");
    let is_group = before.strip_suffix(group.as_str()).is_some_and(|rest| rest.ends_with('/'));
    // A snapshot's file has a time where its folder has `-SNAPSHOT`.
    let is_version = version.is_empty() || at == version || (at.ends_with(SNAPSHOT) && is_file_of(file, artifact, version));
    if is_group && found == artifact && is_version { Shape::Own } else { Shape::AnotherPackage }
}

/// Whether a file is named as an artifact of this version is.
fn is_file_of(file: &str, artifact: &str, version: &str) -> bool {
    let version = version.strip_suffix(SNAPSHOT).unwrap_or(version);
    let rest = file.strip_prefix(artifact).and_then(|rest| rest.strip_prefix('-')).and_then(|rest| rest.strip_prefix(version));
    !version.is_empty() && rest.is_some_and(|rest| rest.starts_with(['.', '-']))
}
