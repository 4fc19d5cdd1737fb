//! The few words of protobuf's wire format that OTLP needs: fields are written, and read from answers.

/// The least a field can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A number: varint, fixed64 or fixed32.
    Number(u64),
    /// Bytes, a text or a message.
    Bytes(&'a [u8]),
}

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH: u32 = 2;
const FIXED32: u32 = 5;

/// Writes a varint.
pub fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(low(number) | 0x80);
        number >>= 7;
    }
    out.push(low(number));
}

fn low(number: u64) -> u8 {
    (number & 0x7f) as u8
}

/// Writes a field with a varint.
pub fn number(out: &mut Vec<u8>, field: u32, number: u64) {
    varint(out, u64::from(field << 3 | VARINT));
    varint(out, number);
}

/// Writes a field with a fixed64.
pub fn fixed64(out: &mut Vec<u8>, field: u32, number: u64) {
    varint(out, u64::from(field << 3 | FIXED64));
    out.extend_from_slice(&number.to_le_bytes());
}

/// Writes a field with bytes, a text, or a message that is written already.
pub fn bytes(out: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    opening(out, field, bytes.len());
    out.extend_from_slice(bytes);
}

/// Writes the start of a field of bytes: their number comes before them.
pub fn opening(out: &mut Vec<u8>, field: u32, length: usize) {
    varint(out, u64::from(field << 3 | LENGTH));
    varint(out, length as u64);
}

/// How long a field of bytes is.
pub fn length_of(field: u32, length: usize) -> usize {
    varint_length(u64::from(field << 3 | LENGTH)) + varint_length(length as u64) + length
}

fn varint_length(number: u64) -> usize {
    ((64 - number.leading_zeros()).div_ceil(7).max(1)) as usize
}

/// Reads a message, field by field. `None` in place of a field: it is no message from there on.
pub fn fields(mut message: &[u8]) -> impl Iterator<Item = Option<(u32, Value<'_>)>> {
    std::iter::from_fn(move || {
        if message.is_empty() {
            return None;
        }
        let field = read_field(&mut message);
        if field.is_none() {
            message = &[];
        }
        Some(field)
    })
}

fn read_field<'a>(message: &mut &'a [u8]) -> Option<(u32, Value<'a>)> {
    let tag = u32::try_from(read_varint(message)?).ok()?;
    let value = match tag & 7 {
        VARINT => Value::Number(read_varint(message)?),
        FIXED64 => Value::Number(u64::from_le_bytes(take(message, 8)?.try_into().ok()?)),
        FIXED32 => Value::Number(u32::from_le_bytes(take(message, 4)?.try_into().ok()?).into()),
        LENGTH => {
            let length = usize::try_from(read_varint(message)?).ok()?;
            Value::Bytes(take(message, length)?)
        }
        _ => return None,
    };
    (tag >> 3 > 0).then_some((tag >> 3, value))
}

fn read_varint(message: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = message.split_first()?;
        *message = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn take<'a>(message: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = message.split_at_checked(length)?;
    *message = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_cut_off_or_unknown_is_none() {
        for message in
            [&b"\x08"[..], b"\x0a\x05ab", b"\x09\x01", b"\x0d\x01", b"\x0b", b"\x00\x01", &[0xff; 11]]
        {
            assert_eq!(fields(message).last(), Some(None), "{message:?}");
        }
        assert_eq!(fields(b"").next(), None);
    }

    proptest! {
        #[test]
        fn fields_are_read_as_they_were_written(
            number_ in any::<u64>(), fixed in any::<u64>(), text in prop::collection::vec(any::<u8>(), 0..300),
            field in 1u32..1 << 29,
        ) {
            let mut message = Vec::new();
            number(&mut message, field, number_);
            fixed64(&mut message, 1, fixed);
            bytes(&mut message, 2, &text);
            let expected =
                [Some((field, Value::Number(number_))), Some((1, Value::Number(fixed))), Some((2, Value::Bytes(&text)))];
            prop_assert_eq!(fields(&message).collect::<Vec<_>>(), expected);
            let mut one = Vec::new();
            bytes(&mut one, field, &text);
            prop_assert_eq!(one.len(), length_of(field, text.len()));
            one.clear();
            varint(&mut one, number_);
            prop_assert_eq!(one.len(), varint_length(number_));
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(message in prop::collection::vec(any::<u8>(), 0..60)) {
            fields(&message).for_each(drop);
        }
    }
}
