//! `policy-changed`: the policy changes together with what it judges.

use std::sync::OnceLock;

use crate::finding::{Finding, Subject, Words};
use crate::policy::Baseline;
use crate::rules::{Case, Findings, Rule};
use crate::text::{Place, Span, Text};

pub(super) static RULE: Rule = Rule {
    id: "policy-changed",
    title: "The policy changes together with what it judges",
    help: "\
**Finds** a policy, with its exceptions, that the change under review adds, removes or edits, and a baseline to which it adds lines.

**Why it matters.** Whoever may change the gate may open it. The change is judged by the policy of the base and by its own, and the worse
verdict stands, so it cannot let itself in; but once it is merged, everything that is there is judged by the new policy alone.

**What to do.** Have the policy reviewed by whoever answers for it, best in a change of its own. The message says what the new policy alone
will decide about all that is there.",
    check,
    words,
};

/// How the policy's file changes between two trees.
#[derive(Debug)]
pub struct PolicyChange {
    /// What changes: `policy` or `baseline`.
    noun: &'static str,
    /// The path at the head, else at the base.
    path: String,
    does: &'static str,
    /// The first line that differs, where the head has the file.
    place: Option<Place>,
    base: Option<Place>,
    /// The verdict of the head's own policy on all that is there, without a base; set once that is known.
    pub(crate) after: OnceLock<&'static str>,
}

impl PolicyChange {
    /// The first change between the files of the policies of a head and its base, else between their baselines; `None` if both say the same,
    /// and if a baseline only loses lines.
    #[must_use]
    pub fn between<'t>(mut policies: impl Iterator<Item = [Option<&'t Text>; 2]>, baselines: [Option<&Text>; 2]) -> Option<Self> {
        let differ = |[ours, theirs]: [Option<&Text>; 2]| ours.map(Text::bytes) != theirs.map(Text::bytes);
        if let Some(policies) = policies.find(|policies| differ(*policies)) {
            return Self::of("policy", policies);
        }
        let accepts = |text: Option<&Text>| text.and_then(|text| Baseline::load(text).ok()).unwrap_or_default();
        let [ours, theirs] = baselines;
        let is_larger = differ(baselines) && !accepts(ours).is_within(&accepts(theirs));
        if is_larger { Self::of("baseline", baselines) } else { None }
    }

    fn of(noun: &'static str, [ours, theirs]: [Option<&Text>; 2]) -> Option<Self> {
        let path = [ours, theirs].into_iter().flatten().next()?.path.to_string();
        let does = match (ours, theirs) {
            (Some(_), Some(_)) => "changes",
            (Some(_), None) => "is added",
            _ => "is removed",
        };
        let start =
            |text: &Text, at: usize| text.place(text.lines().span_of(text.lines().position(u32::try_from(at).unwrap_or(0)).0));
        let at = match (ours, theirs) {
            (Some(ours), Some(theirs)) => {
                let pairs = ours.content.bytes().zip(theirs.content.bytes());
                pairs.take_while(|(a, b)| a == b).count()
            }
            _ => 0,
        };
        let place = ours.map(|text| start(text, at.min(text.content.trim_end().len())));
        let base = theirs.map(|text| text.place(Span::default()));
        Some(Self { noun, path, does, place, base, after: OnceLock::new() })
    }
}

fn check(case: &Case<'_>, findings: &mut Findings<'_>) {
    if case.change.is_some() {
        findings.add(&RULE, Subject::Policy, None, 0);
    }
}

fn words(case: &Case<'_>, _: &Finding) -> Words {
    let Some(change) = case.change else { return Words::default() };
    let after = change.after.get().copied().unwrap_or("undecided");
    Words {
        message: format!(
            "the {} `{}` {} together with what it judges; after the merge, the verdict on all that is there will be `{after}`",
            change.noun, change.path, change.does
        ),
        label: "judged by the base's policy too".to_owned(),
        hint: "have it reviewed by whoever answers for it, best in a change of its own".to_owned(),
        cause: change.path.clone(),
        many: "{} change together with what they judge".to_owned(),
        primary: change.place.or(change.base),
        ..Words::default()
    }
}
