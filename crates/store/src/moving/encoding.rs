//! Values as bytes that mean nothing else: a tag, then for text and bytes the length, then the content.

use vestibule_sql::{Error, Value};

const NULL: u8 = 0;
const INT: u8 = 1;
const BOOL: u8 = 2;
const TEXT: u8 = 3;
const BYTES: u8 = 4;

/// Appends a value. No two lists of values give the same bytes.
pub(super) fn encode(value: &Value, to: &mut Vec<u8>) {
    match value {
        Value::Null => to.push(NULL),
        Value::Int(int) => {
            to.push(INT);
            to.extend_from_slice(&int.to_be_bytes());
        }
        Value::Bool(bool) => to.extend_from_slice(&[BOOL, (*bool).into()]),
        Value::Text(text) => with_length(TEXT, text.as_bytes(), to),
        Value::Bytes(bytes) => with_length(BYTES, bytes, to),
    }
}

fn with_length(tag: u8, content: &[u8], to: &mut Vec<u8>) {
    to.push(tag);
    to.extend_from_slice(&(content.len() as u64).to_be_bytes());
    to.extend_from_slice(content);
}

/// Reads back what [`encode`] wrote.
pub(super) fn decode(mut bytes: &[u8]) -> Result<Vec<Value>, Error> {
    let mut values = Vec::new();
    while !bytes.is_empty() {
        let (value, rest) = first(bytes)
            .ok_or_else(|| Error::Other("the key in the table `moving` is damaged".to_owned()))?;
        values.push(value);
        bytes = rest;
    }
    Ok(values)
}

fn first(bytes: &[u8]) -> Option<(Value, &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    match *tag {
        NULL => Some((Value::Null, rest)),
        INT => {
            let (int, rest) = rest.split_first_chunk()?;
            Some((Value::Int(i64::from_be_bytes(*int)), rest))
        }
        BOOL => {
            let (bool, rest) = rest.split_first()?;
            Some((Value::Bool(*bool != 0), rest))
        }
        TEXT => {
            let (text, rest) = content(rest)?;
            Some((Value::Text(String::from_utf8(text.to_vec()).ok()?), rest))
        }
        BYTES => content(rest).map(|(bytes, rest)| (Value::Bytes(bytes.to_vec()), rest)),
        _ => None,
    }
}

fn content(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(values: &[Value]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for value in values {
            encode(value, &mut bytes);
        }
        bytes
    }

    #[test]
    fn no_two_rows_have_the_same_bytes_and_each_is_read_back() {
        let text = |text: &str| Value::Text(text.to_owned());
        let bytes = |bytes: &[u8]| Value::Bytes(bytes.to_vec());
        let rows = [
            vec![],
            vec![Value::Null],
            vec![Value::Null, Value::Null],
            vec![Value::Int(0)],
            vec![Value::Int(1)],
            vec![Value::Int(-1)],
            vec![Value::Int(i64::MIN)],
            vec![Value::Bool(false)],
            vec![Value::Bool(true)],
            vec![text("")],
            vec![bytes(b"")],
            vec![text(""), text("")],
            vec![text("ab"), text("c")],
            vec![text("a"), text("bc")],
            vec![bytes(b"abc")],
            vec![text("abc")],
            vec![text("e\u{301}")],
            vec![text("\u{e9}")],
            vec![bytes(&encoded(&[text("a")]))],
        ];
        for (index, row) in rows.iter().enumerate() {
            assert_eq!(decode(&encoded(row)).as_ref(), Ok(row));
            let others = rows.iter().skip(index + 1);
            assert!(others.map(|other| encoded(other)).all(|other| other != encoded(row)));
        }
    }

    #[test]
    fn a_key_that_was_cut_is_damage_and_not_another_key() {
        let whole = encoded(&[Value::Text("abc".to_owned()), Value::Int(7)]);
        let ends = (1..whole.len()).filter(|end| *end != whole.len() - 9);
        ends.for_each(|end| assert!(decode(&whole[..end]).is_err(), "{end}"));
    }
}
