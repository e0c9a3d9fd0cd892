//! Fixtures of Python's and conda's formats with pieces cut out, doubled or moved: nothing panics, and every span lies inside the file.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use crate::formats::{by_id, testing};

const FIXTURES: [(&str, &str); 12] = [
    ("requirements", include_str!("../../../fixtures/requirements/compiled/requirements.txt")),
    ("requirements", include_str!("../../../fixtures/requirements/forms/requirements.txt")),
    ("requirements", include_str!("../../../fixtures/requirements/includes/requirements.txt")),
    ("poetry-lock", include_str!("../../../fixtures/poetry-lock/origins/poetry.lock")),
    ("uv-lock", include_str!("../../../fixtures/uv-lock/origins/uv.lock")),
    ("pdm-lock", include_str!("../../../fixtures/pdm-lock/origins/pdm.lock")),
    ("pylock", include_str!("../../../fixtures/pylock/origins/pylock.toml")),
    ("pipfile-lock", include_str!("../../../fixtures/pipfile-lock/origins/Pipfile.lock")),
    ("pyproject", include_str!("../../../fixtures/pyproject/poetry/pyproject.toml")),
    ("conda-lock", include_str!("../../../fixtures/conda-lock/platforms/conda-lock.yml")),
    ("pixi-lock", include_str!("../../../fixtures/pixi-lock/v6/pixi.lock")),
    ("conda-explicit", include_str!("../../../fixtures/conda-explicit/list/conda-linux-64.lock")),
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_are_read_or_refused(fixture in 0..FIXTURES.len(), cuts in prop::collection::vec((0.0..1.0f64, 0..24usize, 0..4u8), 1..4)) {
        let (format, content) = FIXTURES.get(fixture).unwrap();
        let mut damaged: Vec<char> = content.chars().collect();
        for (at, length, how) in cuts {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // a place in the file
            let at = (at * damaged.len() as f64) as usize;
            let end = (at + length).min(damaged.len());
            let piece: Vec<char> = damaged.splice(at..end, "ß\r\n".chars().take(usize::from(how))).collect();
            if how == 3 {
                damaged.extend(piece);
            }
        }
        testing::assert_spans(by_id(format).unwrap(), &damaged.into_iter().collect::<String>());
    }

    #[test]
    fn any_requirements_are_read(content in "(-[ircef] ?|--hash[= ]|--extra-index-url |[a-z]{1,3}|==|>=|1\\.0|https://|git\\+|\\$\\{A\\}|[@#;:/\\[\\]'\"\\\\,.=-]|\n|\r\n| |☕){0,60}") {
        testing::assert_spans(by_id("requirements").unwrap(), &content);
    }
}
