//! sarif
use crate::report::Reporter;
pub(super) static REPORTER: Reporter = Reporter { id: "sarif", about: "SARIF 2.1.0 for code scanning", write: |_, _, _| Ok(()) };
