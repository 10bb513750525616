//! The words and signs of an expression in a rule, one after the other, for the parsers of such expressions.

/// Parentheses within each other, and operators after each other.
const MAX_DEPTH: usize = 64;

/// What is left of the text.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    pub(super) rest: &'a str,
    depth: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text, depth: 0 }
    }

    /// Takes the token if it is next.
    pub(super) fn take(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    pub(super) fn need(&mut self, token: &str) -> Result<(), String> {
        if self.take(token) { Ok(()) } else { Err(format!("\"{token}\" is missing before \"{}\"", self.rest)) }
    }

    /// Letters, digits and underscores, if one of them is next.
    pub(super) fn word(&mut self) -> Option<&'a str> {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    /// Counts what the expression is made of, so that its parser and its evaluation stay within the stack.
    pub(super) fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err("the expression is too deep".to_owned()) } else { Ok(()) }
    }
}
