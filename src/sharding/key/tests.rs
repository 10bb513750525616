//! What values are taken for, in comparisons and in INSERTs. The servers' side was asked of MariaDB 10.11.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::borrow::Cow;

use proptest::prelude::*;

use super::*;

fn text(text: &str) -> Value<'_> {
    Value::Text { bytes: Cow::Borrowed(text.as_bytes()), charset: Charset::Utf8 }
}

fn decimal(text: &str) -> Value<'_> {
    Value::Decimal(Cow::Borrowed(text.as_bytes()))
}

fn binary(bytes: &[u8]) -> Value<'_> {
    Value::Binary(Cow::Borrowed(bytes))
}

fn integer(value: i128) -> Canonical {
    Canonical::Key(Key::Integer(value))
}

fn bytes(bytes: &[u8]) -> Canonical {
    Canonical::Key(Key::Bytes(KeyBytes::from_slice(bytes)))
}

fn text_key(collation: &str, capacity: Option<Capacity>) -> KeyType {
    KeyType::Text(TextCollation::from_mysql_name(collation).unwrap(), capacity)
}

#[test]
fn integers_are_compared_and_stored_as_servers_do() {
    use Canonical::{Nowhere, Null, Unknown};
    let big = 9_007_199_254_740_993_i128;
    // Value, compared, stored.
    let cases = [
        (Value::Int(42), integer(42), integer(42)),
        (Value::UInt(u64::MAX), integer(u64::MAX.into()), integer(u64::MAX.into())),
        (Value::Null, Null, Null),
        (Value::Unknown, Unknown, Unknown),
        (decimal("42.0"), integer(42), integer(42)),
        (decimal("-42.00"), integer(-42), integer(-42)),
        // By index MariaDB finds 43 here, otherwise nothing.
        (decimal("42.5"), Unknown, integer(43)),
        (decimal("-42.5"), Unknown, integer(-43)),
        (decimal("18446744073709551616"), Nowhere, Unknown),
        (decimal("9007199254740993.0"), integer(big), integer(big)),
        (decimal("0.4999999999999999999999999999999999"), Unknown, Unknown),
        (decimal(""), Unknown, Unknown),
        (decimal("4x"), Unknown, Unknown),
        (Value::Double(42.0), integer(42), integer(42)),
        (Value::Double(-0.0), integer(0), integer(0)),
        (Value::Double(42.5), Unknown, integer(42)),
        (Value::Double(43.5), Unknown, integer(44)),
        (Value::Double(9_007_199_254_740_992.0), Unknown, Unknown),
        (Value::Double(f64::NAN), Unknown, Unknown),
        (Value::Double(f64::INFINITY), Unknown, Unknown),
        (text("42"), integer(42), integer(42)),
        (text(" \t42 "), integer(42), integer(42)),
        // A line break is a space for MariaDB only.
        (text(" \n42 "), Unknown, Unknown),
        (text("42abc"), integer(42), integer(42)),
        (text("42.0"), integer(42), integer(42)),
        (text("4.2e1"), integer(42), integer(42)),
        (text(".42e2"), integer(42), integer(42)),
        (text("42e+"), integer(42), integer(42)),
        (text(""), integer(0), integer(0)),
        (text("abc"), integer(0), integer(0)),
        (text("0x2A"), integer(0), integer(0)),
        (text("- 1"), integer(0), integer(0)),
        (text("-1"), integer(-1), integer(-1)),
        (text("42.5"), Unknown, integer(43)),
        (text("2.5"), Unknown, integer(3)),
        (text("0.99999999999999999999"), Unknown, integer(1)),
        (text("9007199254740993"), Unknown, integer(big)),
        (text("1e30"), Unknown, Unknown),
        (text("0e9999999999"), Unknown, Unknown),
        // Which characters are spaces depends on the character set.
        (text("\u{b}42"), Unknown, Unknown),
        (text("４２"), Unknown, Unknown),
        (Value::Text { bytes: Cow::Borrowed(b"\xA042"), charset: Charset::Latin1 }, Unknown, Unknown),
        (Value::Text { bytes: Cow::Borrowed(b"42"), charset: Charset::NotAscii }, Unknown, Unknown),
        (binary(b"42"), integer(42), integer(42)),
    ];
    for (value, compared, stored) in cases {
        assert_eq!(KeyType::INTEGER.compared(&value), compared, "compared: {value:?}");
        assert_eq!(KeyType::INTEGER.stored(&value), stored, "stored: {value:?}");
    }
}

#[test]
fn what_a_column_cannot_hold_is_not_known_to_be_stored() {
    let tiny = KeyType::Integer(IntegerRange { min: -128, max: 127 });
    assert_eq!(tiny.stored(&Value::Int(127)), integer(127));
    assert_eq!(tiny.stored(&Value::Int(300)), Canonical::Unknown);
    assert_eq!(tiny.compared(&Value::Int(300)), integer(300));

    let varchar = text_key("utf8mb4_bin", Some(Capacity { max: 3, fixed: false }));
    assert_eq!(varchar.stored(&text("äöü   ")), bytes("äöü".as_bytes()));
    assert_eq!(varchar.stored(&text("abcd")), Canonical::Unknown);
    assert_eq!(varchar.stored(&Value::Int(-12)), bytes(b"-12"));
    assert_eq!(varchar.stored(&Value::Int(-123)), Canonical::Unknown);

    let varbinary = KeyType::Bytes(Some(Capacity { max: 3, fixed: false }));
    assert_eq!(varbinary.stored(&binary(b"abc")), bytes(b"abc"));
    assert_eq!(varbinary.stored(&binary(b"abcd")), Canonical::Unknown);
}

#[test]
fn char_drops_spaces_and_binary_gets_zero_bytes() {
    let fixed = Some(Capacity { max: 5, fixed: true });
    let char_nopad = text_key("utf8mb4_nopad_bin", fixed);
    assert_eq!(char_nopad.stored(&text("abc ")), bytes(b"abc"));
    assert_eq!(char_nopad.compared(&text("abc ")), bytes(b"abc "));
    let varchar_nopad = text_key("utf8mb4_nopad_bin", Some(Capacity { max: 5, fixed: false }));
    assert_eq!(varchar_nopad.stored(&text("abc ")), bytes(b"abc "));
    // `abc   ` loses one of its spaces in VARCHAR(5): not computed here.
    assert_eq!(varchar_nopad.stored(&text("abc   ")), Canonical::Unknown);
    assert_eq!(text_key("utf8mb4_nopad_bin", None).stored(&text("abc ")), Canonical::Unknown);
    let fixed_bytes = KeyType::Bytes(fixed);
    assert_eq!(fixed_bytes.stored(&binary(b"abc")), bytes(b"abc\0\0"));
    assert_eq!(fixed_bytes.compared(&binary(b"abc")), bytes(b"abc"));
}

#[test]
fn texts_are_compared_in_the_columns_character_set() {
    let general = text_key("utf8mb4_general_ci", None);
    let latin1_client = Value::Text { bytes: Cow::Borrowed(b"\xC4pfel "), charset: Charset::Latin1 };
    assert_eq!(general.compared(&latin1_client), general.compared(&text("apfel")));
    assert_eq!(general.stored(&latin1_client), general.compared(&text("APFEL")));
    let latin1 = text_key("latin1_swedish_ci", None);
    assert_eq!(latin1.compared(&binary(b"\xC4")), latin1.compared(&text("ä")));
    for value in [text("ж"), Value::Int(1), decimal("1"), Value::Double(1.0), Value::Unknown] {
        assert_eq!(latin1.compared(&value), Canonical::Unknown, "{value:?}");
    }
    let broken = Value::Text { bytes: Cow::Borrowed(b"\xC4"), charset: Charset::Utf8 };
    assert_eq!(general.compared(&broken), Canonical::Unknown);
    assert_eq!(general.stored(&decimal("1.50")), Canonical::Unknown);
    assert_eq!(general.stored(&Value::UInt(u64::MAX)), general.compared(&text("18446744073709551615")));
}

#[test]
fn byte_keys_are_the_bytes_themselves() {
    let key = KeyType::Bytes(None);
    assert_eq!(key.compared(&text("é ")), bytes("é ".as_bytes()));
    assert_eq!(key.stored(&Value::Int(7)), bytes(b"7"));
    assert_eq!(key.compared(&Value::Int(7)), Canonical::Unknown);
}

fn any_value() -> impl Strategy<Value = Value<'static>> {
    let charsets = [Charset::Utf8, Charset::Latin1, Charset::Gbk, Charset::Sjis, Charset::Other, Charset::NotAscii];
    let bytes = || proptest::collection::vec(any::<u8>(), 0..30);
    let numeric = "[ ]{0,2}[-+]?[0-9]{0,25}[.]?[0-9]{0,40}([eE][-+]?[0-9]{0,12})?[a-z]?";
    prop_oneof![
        Just(Value::Null),
        Just(Value::Unknown),
        any::<i64>().prop_map(Value::Int),
        any::<u64>().prop_map(Value::UInt),
        any::<f64>().prop_map(Value::Double),
        numeric.prop_map(|text| Value::Decimal(text.into_bytes().into())),
        bytes().prop_map(|bytes| Value::Decimal(bytes.into())),
        bytes().prop_map(|bytes| Value::Binary(bytes.into())),
        (bytes(), prop::sample::select(charsets.to_vec()))
            .prop_map(|(bytes, charset)| Value::Text { bytes: bytes.into(), charset }),
        (numeric, prop::sample::select(charsets.to_vec()))
            .prop_map(|(text, charset)| Value::Text { bytes: text.into_bytes().into(), charset }),
    ]
}

proptest! {
    #[test]
    fn any_value_is_taken_without_panic(value in any_value(), max in 0_u64..300, fixed: bool) {
        let capacity = Some(Capacity { max, fixed });
        let keys = [
            KeyType::INTEGER,
            KeyType::Integer(IntegerRange { min: -128, max: 127 }),
            text_key("utf8mb4_general_ci", capacity),
            text_key("latin1_bin", None),
            text_key("utf8mb3_nopad_bin", capacity),
            KeyType::Bytes(capacity),
        ];
        for key in keys {
            let _ = (key.compared(&value), key.stored(&value));
        }
    }

    /// A row stored for a value is found by every value that equals it.
    #[test]
    fn equal_integers_have_one_key_however_they_are_written(value in -(1_i64 << 53) + 1..1_i64 << 53) {
        let wanted = integer(value.into());
        let written = [value.to_string(), format!("{value}.0"), format!("  {value}")];
        for text_value in [text(&written[0]), text(&written[2]), binary(written[0].as_bytes()), Value::Int(value),
            Value::Double(value as f64), decimal(&written[0]), decimal(&written[1])] {
            prop_assert_eq!(KeyType::INTEGER.compared(&text_value), wanted.clone());
            prop_assert_eq!(KeyType::INTEGER.stored(&text_value), wanted.clone());
        }
    }

    /// Where both are known, the key that is stored for an integral value is the one that it is compared with.
    #[test]
    fn stored_and_compared_keys_agree(value in any_value()) {
        let key = KeyType::INTEGER;
        if let (Canonical::Key(compared), Canonical::Key(stored)) = (key.compared(&value), key.stored(&value)) {
            prop_assert_eq!(compared, stored);
        }
    }
}
