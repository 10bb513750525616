//! What a sharding function is to the rest: a value in, an [`Outcome`] out, exactly as the system that it comes from
//! computes it; and what its buckets are.

use std::borrow::Cow;
use std::fmt::{self, Debug, Write};
use std::ops::Deref;

use smallvec::SmallVec;

/// A key as sharding functions take it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Input<'a> {
    /// SQL NULL.
    Null,
    /// An integer.
    Integer(i128),
    /// An integer beyond 128 bits: optional sign and digits.
    Huge(&'a str),
    /// A literal with a fraction.
    Decimal(&'a str),
    /// A literal that is a double.
    Float(&'a str),
    /// TRUE or FALSE.
    Bool(bool),
    /// A text; dates and times too.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// Several values, for functions of several columns. They are none of this variant.
    Tuple(&'a [Input<'a>]),
}

/// A key with the name of the type that the original system held it in, where that is known and matters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Given<'a> {
    /// The value.
    pub input: Input<'a>,
    /// `Integer`, `Timestamp` (Java), `HEXNUM` (Vitess) ...; empty: what a literal of this form is.
    pub kind: &'a str,
}

impl<'a> Given<'a> {
    /// A key of which nothing more is known.
    pub fn new(input: Input<'a>) -> Self {
        Self { input, kind: "" }
    }

    /// The values of a key of `count` columns.
    pub fn columns(&self, count: usize) -> Result<&[Input<'a>], Refused> {
        let values = match &self.input {
            Input::Tuple(values) => *values,
            one => std::slice::from_ref(one),
        };
        if values.len() == count { Ok(values) } else { Err(format!("the function takes {count} values").into()) }
    }
}

/// What a function computes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A number: mostly of a bucket, but some systems' functions give others too, which then lead nowhere.
    Number(i64),
    /// Several, for a key of which only a part is known.
    Numbers(Vec<i64>),
    /// A name, of a table mostly.
    Name(String),
    /// A Vitess keyspace id.
    KeyspaceId(Vec<u8>),
    /// Keyspace ids from the first to before the second; an empty end is open.
    KeyspaceIds(Vec<u8>, Vec<u8>),
}

/// Why a function has no place for a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub Cow<'static, str>);

impl From<&'static str> for Refused {
    fn from(reason: &'static str) -> Self {
        Self(Cow::Borrowed(reason))
    }
}

impl From<String> for Refused {
    fn from(reason: String) -> Self {
        Self(Cow::Owned(reason))
    }
}

/// Which keys a function can be used with in rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Integers only.
    Integers,
    /// Integers, and decimals by the whole number below.
    Numbers,
    /// Integers, and the texts that they are written as.
    IntegersAndTexts,
    /// Integers and texts; dates and times by their text.
    Anything,
    /// Dates and times; texts that are such.
    Times,
}

/// How many buckets a function has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Buckets {
    /// 0 to so many - 1.
    Count(usize),
    /// The same, and many more than shards: a list of shards shares them out.
    Slots(usize),
    /// As many as it is given.
    Any,
    /// The same, but so many at least: later ones have no keys yet.
    AtLeast(usize),
    /// The function lacks something that only rules need; what.
    None(&'static str),
}

/// A sharding function with its parameters.
pub trait Compute: Debug + Send + Sync {
    /// What the function says of this key.
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused>;

    /// The bucket that the key is in.
    fn bucket(&self, key: &Given<'_>) -> Result<usize, Refused> {
        match self.compute(key)? {
            Outcome::Number(number) => {
                usize::try_from(number).map_err(|_| format!("the function gives {number}, which is no bucket").into())
            }
            Outcome::Numbers(_) | Outcome::Name(_) | Outcome::KeyspaceId(_) | Outcome::KeyspaceIds(..) => {
                Err("the function gives no bucket".into())
            }
        }
    }

    /// How many buckets there are.
    fn buckets(&self) -> Buckets;

    /// Which keys it takes.
    fn takes(&self) -> Takes;

    /// What is wrong with its parameters beside keys that are dates (`false`), or dates with times (`true`).
    fn unfit_for_dates(&self, _with_time: bool) -> Option<String> {
        None
    }

    /// Of how many columns it takes the values together, as a [`Input::Tuple`] where there are several.
    fn columns(&self) -> usize {
        1
    }

    /// The buckets that rows may be in of which these columns have these values, and those that are `None` any. `None`: in any,
    /// as far as can be told from so few.
    fn buckets_of(&self, key: &[Option<Input<'_>>]) -> Option<Vec<usize>> {
        let all: SmallVec<[Input<'_>; 4]> = key.iter().copied().collect::<Option<_>>()?;
        self.bucket(&Given::new(Input::Tuple(&all))).ok().map(|bucket| vec![bucket])
    }

    /// All buckets that keys from `low` to `high` (both included; `None`: no bound) are in; `None` if that cannot be
    /// told, because neighbouring keys are spread. Keys that the function refuses are in no bucket. `buckets` is how
    /// many the rule gives it.
    fn range(&self, _low: Option<Input<'_>>, _high: Option<Input<'_>>, _buckets: usize) -> Option<Vec<usize>> {
        None
    }

    /// Whether `range` may know.
    fn keeps_order(&self) -> bool {
        false
    }

    /// The name of a bucket in physical names, where it is another than its number.
    fn label(&self, _bucket: usize) -> Option<String> {
        None
    }
}

/// `range` of a function whose buckets ascend with its keys.
pub(super) fn ascending(
    function: &(impl Compute + ?Sized),
    low: Option<Input<'_>>,
    high: Option<Input<'_>>,
    buckets: usize,
) -> Option<Vec<usize>> {
    let bucket = |end: Input<'_>| function.bucket(&Given::new(end)).ok();
    let first = match low {
        Some(low) => bucket(low)?,
        None => 0,
    };
    let last = match high {
        Some(high) => bucket(high)?,
        None => buckets.checked_sub(1)?,
    };
    Some((first..=last.min(buckets.checked_sub(1)?)).collect())
}

/// Digits and sign of any `i128`.
const WIDEST: usize = 40;

/// The text of a key. A number's is on the stack.
#[derive(Debug, Clone)]
pub(super) enum KeyText<'a> {
    Borrowed(&'a str),
    Number([u8; WIDEST], usize),
}

impl KeyText<'_> {
    fn number(value: i128) -> Self {
        let mut digits = Digits { bytes: [0; WIDEST], len: 0 };
        // It fits, so that writing cannot fail.
        let _ = write!(digits, "{value}");
        Self::Number(digits.bytes, digits.len)
    }
}

struct Digits {
    bytes: [u8; WIDEST],
    len: usize,
}

impl Write for Digits {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.len..self.len + text.len()).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}

impl Deref for KeyText<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Number(bytes, len) => std::str::from_utf8(&bytes[..*len]).unwrap_or_default(),
        }
    }
}

impl<'a> Input<'a> {
    /// What the key is as text; `None` for NULL and bytes.
    pub(super) fn text(self) -> Option<KeyText<'a>> {
        match self {
            Self::Integer(value) => Some(KeyText::number(value)),
            Self::Huge(text) | Self::Decimal(text) | Self::Float(text) | Self::Text(text) => {
                Some(KeyText::Borrowed(text))
            }
            Self::Bool(value) => Some(KeyText::Borrowed(if value { "true" } else { "false" })),
            Self::Null | Self::Bytes(_) | Self::Tuple(_) => None,
        }
    }

    /// The text, or why there is none.
    pub(super) fn need_text(self) -> Result<KeyText<'a>, Refused> {
        self.text().ok_or_else(|| match self {
            Self::Null => "NULL is no key for this function".into(),
            _ => "the function takes numbers and texts only".into(),
        })
    }
}
