//! Parameters of a sharding function, by name, as a rule file or a line of keys gives them. Each function reads its own
//! and says what is wrong with each.

use std::cell::RefCell;
use std::collections::BTreeMap;

/// A parameter's value. Other systems' files have numbers in quotes and without; both are read alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Param {
    /// Given, and empty.
    Null,
    /// A text; numbers and truth values too, as they are written.
    Text(String),
    /// A list.
    List(Vec<Param>),
    /// Parameters of its own, as those of a function within the function.
    Table(Params),
}

/// All parameters of a function, by name.
pub type Params = BTreeMap<String, Param>;

/// A parameter that is missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {message}")]
pub struct ParamError {
    /// Its name.
    pub key: &'static str,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// Reads parameters, and remembers which were asked for.
#[derive(Debug)]
pub struct Reader<'a> {
    params: &'a Params,
    asked: RefCell<Vec<&'static str>>,
}

impl ParamError {
    pub(super) fn new(key: &'static str, message: impl Into<String>) -> Self {
        Self { key, message: message.into() }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(params: &'a Params) -> Self {
        Self { params, asked: RefCell::default() }
    }

    /// The names of all parameters that the function knows, once it has been read.
    pub fn asked(self) -> Vec<&'static str> {
        self.asked.into_inner()
    }

    /// The parameter, if it is there.
    pub(super) fn get(&self, key: &'static str) -> Option<&'a Param> {
        self.asked.borrow_mut().push(key);
        self.params.get(key)
    }

    /// A text; `None` if it is not there.
    pub(super) fn text(&self, key: &'static str) -> Result<Option<&'a str>, ParamError> {
        match self.get(key) {
            None | Some(Param::Null) => Ok(None),
            Some(Param::Text(text)) => Ok(Some(text)),
            Some(Param::List(_) | Param::Table(_)) => {
                Err(ParamError::new(key, "this is a list or a table, and should be a text or a number"))
            }
        }
    }

    /// A text that must be there.
    pub(super) fn required(&self, key: &'static str) -> Result<&'a str, ParamError> {
        self.text(key)?.ok_or_else(|| ParamError::new(key, "missing"))
    }

    /// An integer; `None` if it is not there.
    pub(super) fn integer(&self, key: &'static str) -> Result<Option<i64>, ParamError> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        let number = text.trim().parse::<i64>();
        number.map(Some).map_err(|_| ParamError::new(key, format!("\"{text}\" should be a whole number")))
    }

    /// An integer that must be there.
    pub(super) fn required_integer(&self, key: &'static str) -> Result<i64, ParamError> {
        self.integer(key)?.ok_or_else(|| ParamError::new(key, "missing"))
    }

    /// A count: 1 to 65,536.
    pub(super) fn required_count(&self, key: &'static str) -> Result<usize, ParamError> {
        let count = self.required_integer(key)?;
        let found = usize::try_from(count).ok().filter(|count| (1..=super::slots::MAX_SLOTS).contains(count));
        found.ok_or_else(|| ParamError::new(key, format!("{count} should be from 1 to {}", super::slots::MAX_SLOTS)))
    }

    /// The texts of a list, or one text as a list of it.
    pub(super) fn list(&self, key: &'static str) -> Result<Option<Vec<&'a str>>, ParamError> {
        let fail = || ParamError::new(key, "should be a list of texts or numbers");
        match self.get(key) {
            None | Some(Param::Null) => Ok(None),
            Some(Param::Text(text)) => Ok(Some(vec![text])),
            Some(Param::List(items)) => items
                .iter()
                .map(|item| match item {
                    Param::Text(text) => Ok(text.as_str()),
                    Param::Null | Param::List(_) | Param::Table(_) => Err(fail()),
                })
                .collect::<Result<Vec<_>, _>>()
                .map(Some),
            Some(Param::Table(_)) => Err(fail()),
        }
    }

    /// The parameters of a table.
    pub(super) fn table(&self, key: &'static str) -> Result<Option<&'a Params>, ParamError> {
        match self.get(key) {
            None | Some(Param::Null) => Ok(None),
            Some(Param::Table(params)) => Ok(Some(params)),
            Some(Param::Text(_) | Param::List(_)) => Err(ParamError::new(key, "should be a table, as in { a = 1 }")),
        }
    }

    /// One of these words, in any case; the first where it is left out.
    pub(super) fn choice<T: Copy>(&self, key: &'static str, choices: &[(&str, T)]) -> Result<T, ParamError> {
        let given = self.text(key)?;
        let found = match given {
            None => choices.first(),
            Some(given) => choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(given)),
        };
        found.map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            ParamError::new(key, format!("\"{}\" is not one of {}", given.unwrap_or_default(), words.join(", ")))
        })
    }
}
