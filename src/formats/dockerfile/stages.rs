//! The stages of a build, its variables, and what they turn out to fetch once all stages are known.
//!
//! Answers for: which references are stages, which scope an image has, and what `ADD` fetches. Never reads a line.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use crate::dependency::{Lockfile, Scopes};
use crate::formats::image::{self, HOLE, Written};
use crate::formats::remote;
use crate::formats::shell::Value;
use crate::text::{Lost, Text};

/// Variables that the builder sets from the platforms; nobody knows them offline.
const PLATFORM: [&str; 9] = [
    "BUILDARCH",
    "BUILDOS",
    "BUILDPLATFORM",
    "BUILDVARIANT",
    "TARGETARCH",
    "TARGETOS",
    "TARGETPLATFORM",
    "TARGETSTAGE",
    "TARGETVARIANT",
];
/// The named limit on stages whose variables are looked through; and on stages that a name with a platform in it may mean.
const LOOKS_MAX: usize = 64;

/// All that was found, in order, to be judged when all stages are known.
#[derive(Default)]
pub(super) struct Build {
    /// What may be fetched.
    pub found: Vec<Found>,
    stages: Vec<Stage>,
    /// Stages by name in lower case; the last of a name.
    names: BTreeMap<String, usize>,
    globals: HashMap<String, Value<'static>>,
}

/// Something that may be fetched.
pub(super) struct Found {
    /// The stage that it stands in.
    pub stage: Option<usize>,
    /// Its scope, where the stage does not decide.
    pub scopes: Option<Scopes>,
    /// What it is.
    pub what: What,
}

/// What may be fetched.
pub(super) enum What {
    /// An image, surely.
    Image(Written),
    /// A stage, its number, or an image whose files are copied.
    Copied(Written),
    /// A stage or an image that is there while a command runs.
    Mounted(Written),
    /// An address or repository, and the hash or commit that is asked of it.
    Added {
        /// The address.
        written: Written,
        /// The hash.
        checksum: Option<Written>,
    },
}

#[derive(Default)]
struct Stage {
    bases: Vec<usize>,
    args: HashMap<String, Value<'static>>,
    env: HashMap<String, Value<'static>>,
}

impl Build {
    /// Begins a stage: its name, its image unless it has none, the stages that it starts from.
    pub(super) fn stage(&mut self, name: Option<&str>, image: Option<Written>, bases: Vec<usize>) {
        let index = self.stages.len();
        self.stages.push(Stage { bases, ..Stage::default() });
        if let Some(name) = name {
            self.names.insert(name.to_lowercase(), index);
        }
        if let Some(image) = image {
            self.find(What::Image(image));
        }
    }

    /// Adds something to the stage that is being read.
    pub(super) fn find(&mut self, what: What) {
        self.found.push(Found { stage: self.stages.len().checked_sub(1), scopes: None, what });
    }

    /// The stages that a `FROM` means: one by its name, or those that a name with a platform's variable in it may become.
    pub(super) fn bases(&self, written: &Written) -> Vec<usize> {
        let name = written.value.to_lowercase();
        if !written.is_unknown() {
            return self.names.get(&name).copied().into_iter().collect();
        }
        // `${TARGETARCH:-amd64}` is the platform's, too.
        let is_platform = |range: std::ops::Range<usize>| {
            let name = written.value.get(range).map(|unknown| unknown.trim_start_matches(['$', '{']));
            name.and_then(|name| name.split([':', '-', '+', '?', '#', '%', '/', '}']).next())
                .is_some_and(|name| PLATFORM.contains(&name))
        };
        if !written.unknowns().all(is_platform) {
            return Vec::new();
        }
        let shape = written.shape().to_lowercase();
        let (before, _) = shape.split_once(HOLE).unwrap_or((&shape, ""));
        let (_, after) = shape.rsplit_once(HOLE).unwrap_or(("", &shape));
        let from = (Bound::Included(before), Bound::Unbounded);
        let begins = self.names.range::<str, _>(from).take(LOOKS_MAX).take_while(|(name, _)| name.starts_with(before));
        begins
            .filter(|(name, _)| name.len() > before.len() + after.len() && name.ends_with(after))
            .map(|(_, index)| *index)
            .collect()
    }

    /// The value of a variable in `FROM`.
    pub(super) fn global(&self, name: &str) -> Value<'static> {
        match self.globals.get(name) {
            Some(value) => value.clone(),
            None if PLATFORM.contains(&name) => Value::Unknown,
            None => Value::Unset,
        }
    }

    /// The value of a variable where the reader is.
    pub(super) fn local(&self, name: &str) -> Value<'static> {
        let Some(mut index) = self.stages.len().checked_sub(1) else { return self.global(name) };
        if let Some(value) = self.stages.get(index).and_then(|stage| stage.env.get(name).or_else(|| stage.args.get(name))) {
            return value.clone();
        }
        for _ in 0..LOOKS_MAX {
            let Some(stage) = self.stages.get(index) else { break };
            if let Some(value) = stage.env.get(name) {
                return value.clone();
            }
            match stage.bases.as_slice() {
                [base] => index = *base,
                _ => break,
            }
        }
        // The image that the stage starts from may set it.
        Value::Unknown
    }

    /// `ARG`: before the first stage for all `FROM`s, in a stage for the rest of it.
    pub(super) fn arg(&mut self, name: String, value: Option<Value<'static>>) {
        let is_platform = PLATFORM.contains(&name.as_str());
        let unset = if is_platform { Value::Unknown } else { Value::Unset };
        match self.stages.last_mut() {
            Some(stage) => {
                let value = value.or_else(|| self.globals.get(&name).cloned()).unwrap_or(unset);
                stage.args.insert(name, value);
            }
            None => {
                self.globals.insert(name, value.unwrap_or(unset));
            }
        }
    }

    /// `ENV`: for the rest of the stage and for stages that start from it.
    pub(super) fn env(&mut self, name: String, value: Value<'static>) {
        if let Some(stage) = self.stages.last_mut() {
            stage.env.insert(name, value);
        }
    }

    /// Adds entries for what turns out to be fetched.
    pub(super) fn push_into(self, lockfile: &mut Lockfile, text: &Text) {
        let ships = self.shipped();
        for found in &self.found {
            let is_shipped = found.stage.and_then(|stage| ships.get(stage)).copied().unwrap_or(false);
            let scopes = found.scopes.unwrap_or(if is_shipped { Scopes::PRODUCTION } else { Scopes::BUILD });
            match &found.what {
                What::Image(written) => {
                    image::push(lockfile, text, written, scopes);
                }
                What::Copied(written) => self.push_copied(lockfile, text, written, scopes),
                What::Mounted(written) => self.push_copied(lockfile, text, written, Scopes::BUILD),
                What::Added { written, checksum } => {
                    remote::push(lockfile, text, written, checksum.as_ref(), scopes);
                }
            }
        }
    }

    /// Which stages the last one is made of.
    fn shipped(&self) -> Vec<bool> {
        let mut ships = vec![false; self.stages.len()];
        let mut open: Vec<usize> = self.stages.len().checked_sub(1).into_iter().collect();
        while let Some(index) = open.pop() {
            let Some(seen) = ships.get_mut(index) else { continue };
            if !std::mem::replace(seen, true)
                && let Some(stage) = self.stages.get(index)
            {
                open.extend(&stage.bases);
            }
        }
        ships
    }

    fn push_copied(&self, lockfile: &mut Lockfile, text: &Text, written: &Written, scopes: Scopes) {
        let name = written.value.to_lowercase();
        if name.is_empty() || name == "scratch" || self.names.contains_key(&name) {
            return;
        }
        if name.bytes().all(|byte| byte.is_ascii_digit()) {
            if name.parse::<usize>().is_ok_and(|number| number < self.stages.len()) {
                return;
            }
            let message = format!("no stage has the number {name}: there are {}, counted from 0", self.stages.len());
            return lockfile.problem(text.place(written.span()), Lost::Entry, message);
        }
        image::push(lockfile, text, written, scopes);
    }
}
