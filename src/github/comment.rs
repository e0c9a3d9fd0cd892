//! One comment on a pull request, edited in place: https://docs.github.com/rest/issues/comments.
//!
//! Answers for: finding the own comment again by its first line and by who wrote it, saying nothing twice, and staying below GitHub's limit.
//! Whoever else copies the line changes nothing.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::access::{Misuse, Slug};
use super::call::{Ask, Client};
use super::fault::{Fault, Why};
use super::patience::Repeat;

const READS: &str = "read the comments of the pull request";
const WRITES: &str = "comment on the pull request";
const NEEDS: &str = "pull-requests: write";

/// Who writes with a workflow's own token.
const WORKFLOWS: &str = "github-actions[bot]";

/// The named limit on a comment, in bytes.
pub const COMMENT_BYTES_MAX: usize = 65_536;

/// The named limit on pages of comments that are looked through.
const PAGES_MAX: usize = 100;

/// The named limit on a marker, in bytes.
const MARKER_BYTES_MAX: usize = 1024;

/// What is to stand in a comment, and where.
#[derive(Clone, Debug)]
pub struct Note {
    /// The repository.
    pub repo: Slug,
    /// The pull request's number.
    pub pull: u64,
    /// What tells the comment from others.
    pub marker: Marker,
    /// What it says.
    pub text: String,
    /// Who wrote it before; found out if not given.
    pub author: Option<String>,
}

/// The first line of a comment, which nobody sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker(String);

impl Marker {
    /// The marker of a name; without one, packman's only comment.
    pub fn of(id: Option<&str>) -> Result<Self, Misuse> {
        let Some(id) = id else { return Ok(Self("<!-- packman -->".to_owned())) };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if id.is_empty() || id.len() > 64 || !id.chars().all(is_plain) || id.contains("--") {
            let message = format!("`{id}` is no name for a comment");
            return Err(Misuse::new(message, "write at most 64 letters, digits, `.`, `_` and single `-`"));
        }
        Ok(Self(format!("<!-- packman {id} -->")))
    }

    /// The marker that a text has as its first line, as packman's own reports do.
    #[must_use]
    pub fn on(text: &str) -> Option<Self> {
        let line = text.trim_start_matches('\u{feff}').lines().next()?.trim_end();
        let inner = line.strip_prefix("<!-- packman")?.strip_suffix("-->")?;
        let is_one = line.len() <= MARKER_BYTES_MAX && inner.starts_with(' ') && !inner.contains("--");
        is_one.then(|| Self(line.to_owned()))
    }

    /// Whether a text begins with this marker.
    fn is_on(&self, text: &str) -> bool {
        text.lines().next().is_some_and(|line| line.trim_end() == self.0)
    }
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Commented {
    /// There was none.
    Created(String),
    /// It said something else.
    Edited(String),
    /// It says that already.
    Unchanged(String),
}

#[derive(Deserialize)]
struct Comment {
    id: u64,
    body: Option<String>,
    user: Option<User>,
    html_url: Option<String>,
}

#[derive(Deserialize)]
struct User {
    login: String,
}

/// Writes a comment, or edits the one that is there.
pub async fn comment(client: &Client<'_>, note: &Note) -> Result<Commented, Fault> {
    let body = body(&note.marker, &note.text);
    let route = note.repo.route(&format!("/issues/{}/comments", note.pull));
    let marked = marked(client, note, &route).await?;
    let own = if marked.is_empty() {
        None
    } else {
        let author = match &note.author {
            Some(author) => author.clone(),
            None => who(client).await?,
        };
        let is_own = |comment: &Comment| comment.user.as_ref().is_some_and(|user| user.login.eq_ignore_ascii_case(&author));
        marked.into_iter().find(is_own)
    };
    let Some(own) = own else {
        let ask = Ask::get(route, WRITES, NEEDS).with(Method::POST, json!({ "body": body }), Repeat::Never);
        let made: Comment = client.json(&ask).await?;
        return Ok(Commented::Created(made.html_url.unwrap_or_default()));
    };
    let url = own.html_url.unwrap_or_default();
    if own.body.is_some_and(|old| same(&old, &body)) {
        return Ok(Commented::Unchanged(url));
    }
    let route = note.repo.route(&format!("/issues/comments/{}", own.id));
    // To say the same again changes nothing.
    let ask = Ask::get(route, WRITES, NEEDS).with(Method::PATCH, json!({ "body": body }), Repeat::Always);
    let _: Comment = client.json(&ask).await?;
    Ok(Commented::Edited(url))
}

/// The comments with the marker, the oldest first, whoever wrote them.
async fn marked(client: &Client<'_>, note: &Note, route: &str) -> Result<Vec<Comment>, Fault> {
    let mut marked = Vec::new();
    let mut next = Some(format!("{route}?per_page=100"));
    for _ in 0..PAGES_MAX {
        let Some(page) = next else { return Ok(marked) };
        let ask = Ask::get(page, READS, NEEDS);
        let answer = client.ask(&ask).await?;
        let comments: Vec<Comment> = client.read(&ask, &answer)?;
        marked.extend(comments.into_iter().filter(|found| found.body.as_deref().is_some_and(|body| note.marker.is_on(body))));
        next = client.next(&ask, &answer)?;
    }
    if next.is_some() { Err(client.fault(READS, Why::Odd("an end"))) } else { Ok(marked) }
}

/// Who writes with this token. A workflow's own may not ask.
async fn who(client: &Client<'_>) -> Result<String, Fault> {
    let ask = Ask::get("/user".to_owned(), "learn whose token it is", "a user's token");
    match client.json::<User>(&ask).await {
        Ok(user) => Ok(user.login),
        Err(fault) if fault.is_lack_of_permission() => Ok(WORKFLOWS.to_owned()),
        Err(fault) => Err(fault),
    }
}

/// GitHub may give line ends back as others.
fn same(old: &str, new: &str) -> bool {
    old.lines().map(str::trim_end).eq(new.lines().map(str::trim_end))
}

/// What stands where a comment was cut.
const CUT: &str = "\n\n**Cut here**: a comment takes no more. The job's summary and its reports have the rest.\n";

/// Room for what a cut may have to close.
const CLOSING_BYTES_MAX: usize = 4096;

/// The whole comment: the marker, then the text without a marker of its own, cut where it is too long.
fn body(marker: &Marker, text: &str) -> String {
    let text = text.trim_start_matches('\u{feff}');
    let text = match text.split_once('\n') {
        Some((first, rest)) if Marker::on(first).is_some() => rest,
        _ => text,
    };
    let whole = format!("{}\n{}\n", marker.0, text.trim_end());
    if whole.len() <= COMMENT_BYTES_MAX {
        return whole;
    }
    let mut end = COMMENT_BYTES_MAX - CUT.len() - CLOSING_BYTES_MAX;
    while !whole.is_char_boundary(end) {
        end -= 1;
    }
    let kept = whole.get(..end).unwrap_or_default();
    let kept = kept.rsplit_once('\n').map_or(kept, |(lines, _)| lines);
    format!("{kept}{}{CUT}", closing(kept))
}

/// What ends the fenced code and the folded parts that a cut left open.
fn closing(text: &str) -> String {
    let mut fence: Option<&str> = None;
    let mut folds = 0_usize;
    for line in text.lines() {
        let line = line.trim_start();
        let ticks = line.get(..line.len() - line.trim_start_matches('`').len()).unwrap_or_default();
        match fence {
            Some(open) if ticks.len() >= open.len() && line.trim_end() == ticks => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => {
                folds += line.matches("<details").count();
                folds = folds.saturating_sub(line.matches("</details>").count());
            }
        }
    }
    let fence = fence.map(|open| format!("\n{open}")).unwrap_or_default();
    // More folds than there is room to close are no report of ours.
    fence + &"\n\n</details>".repeat(folds.min(200))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker(id: Option<&str>) -> Marker {
        Marker::of(id).unwrap()
    }

    #[test]
    fn a_marker_is_one_line_that_nobody_sees() {
        assert_eq!(marker(None).0, "<!-- packman -->");
        assert_eq!(marker(Some("linux-x64")).0, "<!-- packman linux-x64 -->");
        for id in ["", "a b", "a--b", "-->", "a\nb", &"x".repeat(65)] {
            assert!(Marker::of(Some(id)).is_err(), "{id}");
        }
        assert!(!marker(None).is_on("<!-- packman web -->\nx"));
        assert_eq!(Marker::on("<!-- packman a/b -->\r\nx").map(|found| found.0).as_deref(), Some("<!-- packman a/b -->"));
        for text in ["", "x", "<!-- packmanager -->", "<!-- packman -- -->", "<!-- packman", "x <!-- packman -->"] {
            assert_eq!(Marker::on(text), None, "{text}");
        }
        assert!(marker(None).is_on("<!-- packman -->\r\nx"));
        assert!(!marker(None).is_on("quoted: <!-- packman -->"));
        assert!(!marker(None).is_on("x\n<!-- packman -->"));
    }

    #[test]
    fn a_text_gets_one_marker() {
        assert_eq!(body(&marker(None), "hello\n\n"), "<!-- packman -->\nhello\n");
        assert_eq!(body(&marker(Some("web")), "\u{feff}<!-- packman -->\nhello"), "<!-- packman web -->\nhello\n");
    }

    #[test]
    fn what_is_too_long_is_cut_at_a_line_and_closed() {
        let long = format!("<details><summary>x</summary>\n\n````text\n{}", "line with ü in it\n".repeat(6000));
        let cut = body(&marker(None), &long);
        assert!(cut.len() <= COMMENT_BYTES_MAX && cut.len() > COMMENT_BYTES_MAX - 5000, "{}", cut.len());
        let end = cut.split("line with ü in it\n").last().unwrap();
        let (kept, said) = end.split_once("**Cut here**").unwrap();
        assert_eq!(kept, "````\n\n</details>\n\n");
        assert!(said.ends_with(".\n"));
        assert_eq!(body(&marker(None), &"x".repeat(COMMENT_BYTES_MAX - 18)).len(), COMMENT_BYTES_MAX);
        assert!(body(&marker(None), &"x\n".repeat(40_000)).contains("**Cut here**"));
        assert!(body(&marker(None), &"ü".repeat(40_000)).contains("**Cut here**"));
    }

    #[test]
    fn line_ends_make_no_difference() {
        assert!(same("a\r\nb\r\n", "a\nb\n"));
        assert!(same("a\nb", "a\nb\n"));
        assert!(!same("a\nb", "a\nc"));
    }
}
