//! The few expressions that `action.yml` uses, evaluated as the runner does.

use serde_json::Value;

/// What functions answer from.
#[derive(Clone, Copy)]
pub(crate) struct Status {
    pub(crate) is_success: bool,
}

/// The value of an expression, without `${{` and `}}`.
pub(crate) fn evaluate(expression: &str, contexts: &Value, status: Status) -> Value {
    let mut parser = Parser { rest: expression.trim(), contexts, status };
    let value = parser.or();
    assert!(parser.rest.is_empty(), "not understood in {expression}: {}", parser.rest);
    value
}

/// A text with expressions in it.
pub(crate) fn render(text: &str, contexts: &Value, status: Status) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        let (expression, after) = after.split_once("}}").expect("an expression ends");
        out += before;
        out += &shown(&evaluate(expression, contexts, status));
        rest = after;
    }
    out + rest
}

/// Whether a value holds.
pub(crate) fn holds(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(is) => *is,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Texts without regard to case, other kinds as numbers.
fn equal(a: &Value, b: &Value) -> bool {
    if let (Value::String(a), Value::String(b)) = (a, b) {
        return a.eq_ignore_ascii_case(b);
    }
    let number = |value: &Value| match value {
        Value::Null => Some(0.0),
        Value::Bool(is) => Some(f64::from(u8::from(*is))),
        Value::Number(number) => number.as_f64(),
        Value::String(text) if text.is_empty() => Some(0.0),
        Value::String(text) => text.parse().ok(),
        Value::Array(_) | Value::Object(_) => None,
    };
    number(a).is_some_and(|a| number(b).is_some_and(|b| (a - b).abs() < f64::EPSILON))
}

struct Parser<'e> {
    rest: &'e str,
    contexts: &'e Value,
    status: Status,
}

impl Parser<'_> {
    fn eat(&mut self, token: &str) -> bool {
        match self.rest.trim_start().strip_prefix(token) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn or(&mut self) -> Value {
        let mut value = self.and();
        while self.eat("||") {
            let other = self.and();
            value = if holds(&value) { value } else { other };
        }
        value
    }

    fn and(&mut self) -> Value {
        let mut value = self.comparison();
        while self.eat("&&") {
            let other = self.comparison();
            value = if holds(&value) { other } else { value };
        }
        value
    }

    fn comparison(&mut self) -> Value {
        let value = self.single();
        if self.eat("==") {
            return equal(&value, &self.single()).into();
        }
        if self.eat("!=") {
            return (!equal(&value, &self.single())).into();
        }
        value
    }

    fn single(&mut self) -> Value {
        if self.eat("!") {
            return (!holds(&self.single())).into();
        }
        if self.eat("(") {
            let value = self.or();
            assert!(self.eat(")"), "a bracket closes");
            return value;
        }
        if self.eat("'") {
            let (text, rest) = self.rest.split_once('\'').expect("a text ends");
            self.rest = rest.trim_start();
            return text.into();
        }
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | '_' | '-')).unwrap_or(self.rest.len());
        let (path, rest) = self.rest.split_at(end);
        assert!(!path.is_empty(), "not understood: {}", self.rest);
        self.rest = rest;
        if self.eat("()") {
            return match path {
                "success" => self.status.is_success.into(),
                "failure" => (!self.status.is_success).into(),
                "always" => true.into(),
                "cancelled" => false.into(),
                other => panic!("the function {other} is not known here"),
            };
        }
        self.rest = self.rest.trim_start();
        match path {
            "true" => true.into(),
            "false" => false.into(),
            path => path.split('.').fold(self.contexts.clone(), |value, name| value.get(name).cloned().unwrap_or_default()),
        }
    }
}

#[test]
fn expressions_mean_what_they_mean_to_the_runner() {
    let contexts = serde_json::json!({
        "github": { "repository": "Acme/shop", "event": { "pull_request": { "head": { "repo": { "full_name": "acme/Shop" } } } } },
        "gone": { "repository": "acme/shop", "event": { "pull_request": { "head": { "repo": null } } } },
        "push": { "repository": "acme/shop", "event": {} },
        "steps": { "a-b": { "outputs": { "x_y": "true", "none": "" } } },
    });
    let status = Status { is_success: false };
    for (expression, expected) in [
        ("github.event.pull_request && github.event.pull_request.head.repo.full_name != github.repository", "false"),
        ("gone.event.pull_request && gone.event.pull_request.head.repo.full_name != gone.repository", "true"),
        ("push.event.pull_request && push.event.pull_request.head.repo.full_name != push.repository", ""),
        ("!cancelled() && steps.a-b.outputs.x_y == 'true'", "true"),
        ("success() || steps.a-b.outputs.x_y", "true"),
        ("(success() || false) && 'x'", "false"),
        ("steps.a-b.outputs.none == 'true' && 'token' || ''", ""),
        ("steps.missing.outputs.x == ''", "true"),
        ("steps.missing.outputs.x == 'x'", "false"),
    ] {
        assert_eq!(shown(&evaluate(expression, &contexts, status)), expected, "{expression}");
    }
    assert_eq!(render("a ${{ 'b' }} c${{ github.repository }}", &contexts, status), "a b cAcme/shop");
}
