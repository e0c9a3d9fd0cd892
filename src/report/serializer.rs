//! JSON into memory, a string at a time.
//!
//! Answers for: the same bytes as `serde_json` with what `escape` numbers, with less work: nearly all strings of a report are
//! plain, which eight bytes at a time can tell. What is not plain, and numbers with a fraction, `serde_json` writes. A property test holds
//! both against each other.

use serde::ser::{
    self, Error as _, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple, SerializeTupleStruct,
};

use super::escape;

type Result<T = ()> = serde_json::Result<T>;

/// Writes values into memory, without blanks.
pub(super) struct Serializer<'o> {
    pub(super) out: &'o mut Vec<u8>,
}

impl Serializer<'_> {
    fn string(&mut self, text: &str) -> Result {
        if !is_plain(text.as_bytes()) {
            return escape::any_json(text, self.out);
        }
        self.quoted(text);
        Ok(())
    }

    /// What is known to be plain.
    fn quoted(&mut self, text: &str) {
        self.out.reserve(text.len() + 2);
        self.out.push(b'"');
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b'"');
    }

    fn other(&mut self, value: &impl Serialize) -> Result {
        serde_json::to_writer(&mut *self.out, value)
    }
}

/// Whether all bytes are ASCII that shows itself, without quotes, backslashes and `#`.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const TOPS: u64 = ONES << 7;
    /// Has the top bit of the first byte that is zero. What is borrowed for it changes only those above it.
    const fn zero(eight: u64) -> u64 {
        eight.wrapping_sub(ONES) & !eight
    }
    /// `"` and `#` differ in their last bit alone.
    const fn odd(eight: u64) -> u64 {
        let quote_or_hash = zero((eight | ONES) ^ (ONES * b'#' as u64));
        let backslash = zero(eight ^ (ONES * b'\\' as u64));
        let control = eight.wrapping_sub(ONES * b' ' as u64) & !eight;
        // From 0x7f on.
        let high = eight | eight.wrapping_add(ONES);
        quote_or_hash | backslash | control | high
    }
    // The last eight, which may overlap those before them; what is shorter is looked at byte by byte.
    let Some(last) = bytes.last_chunk() else { return bytes.iter().all(|byte| is_plain_byte(*byte)) };
    let any = bytes.as_chunks().0.iter().fold(odd(u64::from_le_bytes(*last)), |any, eight| any | odd(u64::from_le_bytes(*eight)));
    any & TOPS == 0
}

fn is_plain_byte(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\' | b'#')
}

/// The members of an array or object, with what stands behind the last one.
pub(super) struct Members<'s, 'o> {
    serializer: &'s mut Serializer<'o>,
    is_first: bool,
    end: u8,
}

impl<'s, 'o> Members<'s, 'o> {
    fn begin(serializer: &'s mut Serializer<'o>, [start, end]: [u8; 2]) -> Self {
        serializer.out.push(start);
        Self { serializer, is_first: true, end }
    }

    fn next(&mut self) -> &mut Serializer<'o> {
        if !std::mem::take(&mut self.is_first) {
            self.serializer.out.push(b',');
        }
        self.serializer
    }

    fn finish(self) -> Result {
        self.serializer.out.push(self.end);
        Ok(())
    }
}

impl<'s, 'o> ser::Serializer for &'s mut Serializer<'o> {
    type Ok = ();
    type Error = serde_json::Error;
    type SerializeSeq = Members<'s, 'o>;
    type SerializeTuple = Members<'s, 'o>;
    type SerializeTupleStruct = Members<'s, 'o>;
    type SerializeTupleVariant = Impossible<(), serde_json::Error>;
    type SerializeMap = Members<'s, 'o>;
    type SerializeStruct = Members<'s, 'o>;
    type SerializeStructVariant = Impossible<(), serde_json::Error>;

    fn serialize_i8(self, value: i8) -> Result {
        self.other(&value)
    }

    fn serialize_i16(self, value: i16) -> Result {
        self.other(&value)
    }

    fn serialize_i32(self, value: i32) -> Result {
        self.other(&value)
    }

    fn serialize_i64(self, value: i64) -> Result {
        self.other(&value)
    }

    fn serialize_i128(self, value: i128) -> Result {
        self.other(&value)
    }

    fn serialize_u8(self, value: u8) -> Result {
        self.other(&value)
    }

    fn serialize_u16(self, value: u16) -> Result {
        self.other(&value)
    }

    fn serialize_u32(self, value: u32) -> Result {
        self.other(&value)
    }

    fn serialize_u64(self, value: u64) -> Result {
        self.other(&value)
    }

    fn serialize_u128(self, value: u128) -> Result {
        self.other(&value)
    }

    fn serialize_f32(self, value: f32) -> Result {
        self.other(&value)
    }

    fn serialize_f64(self, value: f64) -> Result {
        self.other(&value)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result {
        self.other(&value)
    }

    fn serialize_bool(self, value: bool) -> Result {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result {
        self.string(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result {
        self.string(value)
    }

    fn serialize_none(self) -> Result {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result {
        self.string(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result {
        let mut members = Members::begin(self, *b"{}");
        members.serialize_entry(variant, value)?;
        members.finish()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Members<'s, 'o>> {
        Ok(Members::begin(self, *b"[]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Members<'s, 'o>> {
        Ok(Members::begin(self, *b"[]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Members<'s, 'o>> {
        Ok(Members::begin(self, *b"[]"))
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Self::SerializeTupleVariant> {
        Err(serde_json::Error::custom("no report has a variant of several values"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Members<'s, 'o>> {
        Ok(Members::begin(self, *b"{}"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members<'s, 'o>> {
        Ok(Members::begin(self, *b"{}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant> {
        Err(serde_json::Error::custom("no report has a variant with members"))
    }
}

impl SerializeSeq for Members<'_, '_> {
    type Ok = ();
    type Error = serde_json::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
        value.serialize(self.next())
    }

    fn end(self) -> Result {
        self.finish()
    }
}

impl SerializeTuple for Members<'_, '_> {
    type Ok = ();
    type Error = serde_json::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
        value.serialize(self.next())
    }

    fn end(self) -> Result {
        self.finish()
    }
}

impl SerializeTupleStruct for Members<'_, '_> {
    type Ok = ();
    type Error = serde_json::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
        value.serialize(self.next())
    }

    fn end(self) -> Result {
        self.finish()
    }
}

impl SerializeMap for Members<'_, '_> {
    type Ok = ();
    type Error = serde_json::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result {
        let serializer = self.next();
        let start = serializer.out.len();
        key.serialize(&mut *serializer)?;
        if serializer.out.get(start) != Some(&b'"') {
            return Err(serde_json::Error::custom("a key is no string"));
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
        self.serializer.out.push(b':');
        value.serialize(&mut *self.serializer)
    }

    fn end(self) -> Result {
        self.finish()
    }
}

impl SerializeStruct for Members<'_, '_> {
    type Ok = ();
    type Error = serde_json::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result {
        // The name of a member is an identifier, which is plain.
        let before: &[u8] = if std::mem::take(&mut self.is_first) { b"\"" } else { b",\"" };
        let out = &mut *self.serializer.out;
        out.extend_from_slice(before);
        out.extend_from_slice(key.as_bytes());
        out.extend_from_slice(b"\":");
        value.serialize(&mut *self.serializer)
    }

    fn end(self) -> Result {
        self.finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::Serialize;
    use serde_json::Value;

    use super::{Serializer, escape, is_plain, is_plain_byte};

    #[derive(Serialize)]
    struct All<'a> {
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        maybe: Option<&'a str>,
        none: Option<u8>,
        unit: (),
        tuple: (i64, u64, f64, bool, char),
        kind: Kind,
        other: Kind,
        list: Vec<Option<u32>>,
        map: BTreeMap<&'a str, Value>,
    }

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    enum Kind {
        OneOf,
        Other(Inner),
    }

    #[derive(Serialize)]
    struct Inner(u8);

    #[test]
    fn what_is_plain_is_seen_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for (size, at) in (1..20).flat_map(|size| (0..size).map(move |at| (size, at))) {
                let mut bytes = vec![b'!'; size];
                bytes.splice(at..=at, [byte]);
                assert_eq!(is_plain(&bytes), is_plain_byte(byte), "{byte} at {at} of {size}");
            }
        }
    }

    #[test]
    fn a_key_is_a_string() {
        let mut out = Vec::new();
        let map = BTreeMap::from([(vec![1], 2)]);
        assert!(map.serialize(&mut Serializer { out: &mut out }).is_err());
    }

    const TEXT: &str = "([ -~]|\\PC|[\"\\\\\n\u{1}\u{7f}\u{202e}]){0,20}";

    proptest! {
        #[test]
        fn agrees_with_serde_json(
            text in TEXT, maybe in TEXT, key in TEXT,
            number in any::<i64>(), fraction in -1e9..1e9f64, some in any::<Option<u32>>(),
        ) {
            let (text, maybe) = (text.as_str(), maybe.as_str());
            let value = serde_json::json!({ "a": [text, null, true], "b": { "c": number, &key: [] } });
            let all = All {
                text,
                maybe: (!maybe.is_empty()).then_some(maybe),
                none: None,
                unit: (),
                tuple: (number, number.unsigned_abs(), fraction, number > 0, text.chars().next().unwrap_or(' ')),
                kind: Kind::OneOf,
                other: Kind::Other(Inner(7)),
                list: vec![some, None],
                map: BTreeMap::from([(key.as_str(), value), ("", Value::Null)]),
            };
            let (mut fast, mut plainly) = (Vec::new(), Vec::new());
            all.serialize(&mut Serializer { out: &mut fast }).unwrap();
            escape::any_json(&all, &mut plainly).unwrap();
            prop_assert_eq!(String::from_utf8(fast).unwrap(), String::from_utf8(plainly).unwrap());
        }
    }
}
