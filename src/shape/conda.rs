//! Conda's packages: `CHANNEL/PLATFORM/NAME-VERSION-BUILD.conda`, where neither version nor build has a `-`.

use super::Shape;

pub(super) fn shape(path: &str, name: &str, version: &str) -> Shape {
    let file = super::file_of(path).1;
    let Some(stem) = file.strip_suffix(".conda").or_else(|| file.strip_suffix(".tar.bz2")) else { return Shape::Other };
    let mut parts = stem.rsplitn(3, '-');
    let (Some(_), Some(at), Some(found)) = (parts.next(), parts.next(), parts.next()) else { return Shape::Other };
    let is_own = found.eq_ignore_ascii_case(name) && (version.is_empty() || at == version);
    if is_own { Shape::Own } else { Shape::AnotherPackage }
}
