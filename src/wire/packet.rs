//! Packets: a payload with a header of three bytes of length and one of sequence number. A payload of
//! [`MAX_PAYLOAD`] bytes or more travels in several packets; the first one that is shorter ends it.

use crate::wire::WireError;

/// Bytes of a packet header.
pub const HEADER_LEN: usize = 4;
/// The most payload bytes in one packet. A packet with this many is continued by the next.
pub const MAX_PAYLOAD: usize = 0xFF_FFFF;
/// A packet up to this long (header included) is waited for in the caller's buffer; the bytes of a longer one, when
/// they come in pieces, are moved out of it as they come. The caller's buffer must be able to hold this many.
pub const IN_PLACE_MAX: usize = 16 * 1024;

/// The header of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Payload bytes in this packet: 24 bits.
    pub len: u32,
    /// Counts the packets of one exchange, from 0, and wraps.
    pub seq: u8,
}

impl Header {
    /// Whether the payload goes on in the next packet.
    pub fn is_continued(self) -> bool {
        self.len as usize == MAX_PAYLOAD
    }

    pub fn to_bytes(self) -> [u8; HEADER_LEN] {
        let [a, b, c, _] = self.len.to_le_bytes();
        [a, b, c, self.seq]
    }
}

/// The header at the start of `bytes`; None if it is not all there.
#[inline]
pub fn parse_header(bytes: &[u8]) -> Option<Header> {
    let [a, b, c, seq] = *bytes.first_chunk::<HEADER_LEN>()?;
    Some(Header { len: u32::from_le_bytes([a, b, c, 0]), seq })
}

/// Appends `payload` as one packet, or as several if it is too long for one. `seq` is the number of the first, and
/// afterwards that of the packet that follows.
pub fn write_packet(out: &mut Vec<u8>, seq: &mut u8, payload: &[u8]) {
    let start = begin(out);
    out.extend_from_slice(payload);
    finish(out, start, seq);
}

/// Starts a packet whose payload is then appended to `out`; give the result to [`finish`].
pub fn begin(out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER_LEN]);
    start
}

/// Ends the packet that [`begin`] started at `start`: what `out` has after that header is the payload.
pub fn finish(out: &mut Vec<u8>, start: usize, seq: &mut u8) {
    let len = out.len() - start - HEADER_LEN;
    let first = len.min(MAX_PAYLOAD);
    put_header(out, start, first, seq);
    if first == MAX_PAYLOAD {
        split(out, start + HEADER_LEN + first, seq);
    }
}

fn put_header(out: &mut [u8], at: usize, len: usize, seq: &mut u8) {
    let header = Header { len: len as u32, seq: *seq };
    out[at..at + HEADER_LEN].copy_from_slice(&header.to_bytes());
    *seq = seq.wrapping_add(1);
}

/// Puts headers into the rest of a long payload, which begins at `at`. The last packet may be empty.
fn split(out: &mut Vec<u8>, at: usize, seq: &mut u8) {
    let rest = out.split_off(at);
    let (pieces, last) = rest.as_chunks::<MAX_PAYLOAD>();
    out.reserve(rest.len() + (pieces.len() + 1) * HEADER_LEN);
    for piece in pieces.iter().map(|piece| &piece[..]).chain([last]) {
        let start = begin(out);
        put_header(out, start, piece.len(), seq);
        out.extend_from_slice(piece);
    }
}

/// What [`Assembler::next`] found at the start of the buffer.
#[derive(Debug, PartialEq, Eq)]
pub enum Assembled<'a> {
    /// A whole payload. The first `consumed` bytes of the buffer are done with once the payload is.
    Payload { payload: &'a [u8], consumed: usize },
    /// The first `consumed` bytes were taken; at least `missing` more are needed after those that are left.
    More { consumed: usize, missing: usize },
    /// The first `consumed` bytes end a payload that was too long, and was passed over.
    TooLarge { consumed: usize },
}

/// Turns a stream of bytes into payloads. A payload that lies whole in the caller's buffer is borrowed from there;
/// others are joined here. Nothing is allocated for bytes that have not come yet.
#[derive(Debug)]
pub struct Assembler {
    max_packet: usize,
    next_seq: u8,
    joined: Vec<u8>,
    /// Bytes of the current packet that are still to come, and whether another packet continues it.
    open: Option<Open>,
    /// `joined` was given out and is to be emptied.
    given: bool,
    skips: bool,
    /// The current payload is too long, and is passed over.
    skipping: bool,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    missing: usize,
    continued: bool,
}

impl Assembler {
    /// `max_packet`: the longest payload, in bytes, that is accepted. The first packet must have number 0.
    pub fn new(max_packet: usize) -> Self {
        Self { max_packet, next_seq: 0, joined: Vec::new(), open: None, given: false, skips: false, skipping: false }
    }

    /// Sets the number that the next packet must have: 0 at the start of each command.
    pub fn expect(&mut self, seq: u8) {
        self.next_seq = seq;
    }

    /// The number after that of the last packet taken: the first of an answer.
    pub fn next_seq(&self) -> u8 {
        self.next_seq
    }

    /// From now on a payload that is too long is passed over, to its end, instead of being an error: the exchange can
    /// go on after it.
    pub fn pass_over_too_large(&mut self) {
        self.skips = true;
    }

    /// The error that is due for the payload that is being passed over, if one is.
    pub fn passes_over(&self) -> Option<WireError> {
        self.skipping.then_some(WireError::PacketTooLarge { limit: self.max_packet })
    }

    pub fn set_max_packet(&mut self, max_packet: usize) {
        self.max_packet = max_packet;
    }

    /// Whether a payload has begun to be joined here: an end of the stream now is a truncated packet.
    pub fn is_inside_packet(&self) -> bool {
        !self.given && (self.open.is_some() || self.skipping || !self.joined.is_empty())
    }

    /// The next payload. `buffer` holds the bytes read so far, less those reported as consumed by earlier calls.
    pub fn next<'a>(&'a mut self, buffer: &'a [u8]) -> Result<Assembled<'a>, WireError> {
        self.forget_given();
        let mut at = 0;
        loop {
            let open = match self.open.take() {
                Some(open) => open,
                None => {
                    let Some(header) = self.header(&buffer[at..])? else {
                        return Ok(Assembled::More { consumed: at, missing: HEADER_LEN - (buffer.len() - at) });
                    };
                    let end = at + HEADER_LEN + header.len as usize;
                    let single = self.joined.is_empty() && !header.is_continued() && !self.skipping;
                    if single && end <= buffer.len() {
                        self.next_seq = header.seq.wrapping_add(1);
                        return Ok(Assembled::Payload { payload: &buffer[at + HEADER_LEN..end], consumed: end });
                    }
                    if single && end - at <= IN_PLACE_MAX {
                        return Ok(Assembled::More { consumed: at, missing: end - buffer.len() });
                    }
                    self.next_seq = header.seq.wrapping_add(1);
                    at += HEADER_LEN;
                    Open { missing: header.len as usize, continued: header.is_continued() }
                }
            };
            at += self.take(open, &buffer[at..]);
            if let Some(open) = self.open {
                return Ok(Assembled::More { consumed: at, missing: open.missing });
            }
            if !open.continued && std::mem::take(&mut self.skipping) {
                return Ok(Assembled::TooLarge { consumed: at });
            }
            if !open.continued {
                self.given = true;
                return Ok(Assembled::Payload { payload: &self.joined, consumed: at });
            }
        }
    }

    fn forget_given(&mut self) {
        if std::mem::take(&mut self.given) {
            self.joined = Vec::new();
        }
    }

    fn header(&mut self, bytes: &[u8]) -> Result<Option<Header>, WireError> {
        let Some(header) = parse_header(bytes) else {
            return Ok(None);
        };
        if header.seq != self.next_seq {
            return Err(WireError::OutOfOrder { expected: self.next_seq, found: header.seq });
        }
        if self.joined.len() + header.len as usize > self.max_packet {
            if !self.skips {
                return Err(WireError::PacketTooLarge { limit: self.max_packet });
            }
            self.skipping = true;
            self.joined = Vec::new();
        }
        Ok(Some(header))
    }

    /// Moves what is there of the open packet to `joined`, and returns how much that was.
    fn take(&mut self, open: Open, bytes: &[u8]) -> usize {
        let taken = open.missing.min(bytes.len());
        if !self.skipping {
            self.joined.extend_from_slice(&bytes[..taken]);
        }
        if taken < open.missing {
            self.open = Some(Open { missing: open.missing - taken, ..open });
        }
        taken
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Feeds `stream` in pieces of the given sizes (in turn), as a session would, and collects the payloads.
    fn assemble(stream: &[u8], sizes: &[usize], max_packet: usize) -> Result<Vec<Vec<u8>>, WireError> {
        let mut assembler = Assembler::new(max_packet);
        let (mut payloads, mut buffer, mut at, mut turn) = (Vec::new(), Vec::new(), 0, 0);
        loop {
            let consumed = match assembler.next(&buffer)? {
                Assembled::Payload { payload, consumed } => {
                    payloads.push(payload.to_vec());
                    consumed
                }
                Assembled::TooLarge { .. } => unreachable!("not asked for"),
                Assembled::More { consumed, missing } => {
                    assert!(missing > 0);
                    if at == stream.len() {
                        return Ok(payloads);
                    }
                    let end = (at + sizes[turn % sizes.len()].max(1)).min(stream.len());
                    buffer.extend_from_slice(&stream[at..end]);
                    (at, turn) = (end, turn + 1);
                    consumed
                }
            };
            buffer.drain(..consumed);
            assert!(buffer.len() <= IN_PLACE_MAX + sizes.iter().max().unwrap());
        }
    }

    #[test]
    fn long_payloads_are_split_and_joined() {
        for len in [0, 1, MAX_PAYLOAD - 1, MAX_PAYLOAD, MAX_PAYLOAD + 1, 2 * MAX_PAYLOAD, 2 * MAX_PAYLOAD + 5] {
            let payload: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
            let (mut out, mut seq) = (Vec::new(), 0);
            write_packet(&mut out, &mut seq, &payload);
            assert_eq!(usize::from(seq), len / MAX_PAYLOAD + 1, "{len}");
            assert_eq!(out.len(), len + usize::from(seq) * HEADER_LEN);
            for sizes in [&[65536][..], &[1 << 26], &[100_000, 7]] {
                let back = assemble(&out, sizes, usize::MAX).unwrap();
                assert!(back.len() == 1 && back[0] == payload, "{len}");
            }
        }
    }

    #[test]
    fn a_length_over_the_limit_is_refused_before_it_is_buffered() {
        let mut assembler = Assembler::new(1 << 20);
        let header = Header { len: 0xFF_FFFF, seq: 0 }.to_bytes();
        assert_eq!(assembler.next(&header), Err(WireError::PacketTooLarge { limit: 1 << 20 }));
        assert_eq!(assembler.joined.capacity(), 0);
        // 16 MB at a time does not get round the limit.
        let mut assembler = Assembler::new(MAX_PAYLOAD + 10);
        let mut stream = header.to_vec();
        stream.resize(HEADER_LEN + MAX_PAYLOAD, 0);
        stream.extend(Header { len: 11, seq: 1 }.to_bytes());
        assert_eq!(assembler.next(&stream), Err(WireError::PacketTooLarge { limit: MAX_PAYLOAD + 10 }));
    }

    #[test]
    fn a_payload_that_is_too_long_is_passed_over_where_that_is_asked_for() {
        let (mut stream, mut seq) = (Vec::new(), 0);
        write_packet(&mut stream, &mut seq, &vec![b'x'; MAX_PAYLOAD + 10]);
        let end = stream.len();
        write_packet(&mut stream, &mut seq, b"next");
        for size in [1 << 16, stream.len()] {
            let mut assembler = Assembler::new(100);
            assembler.pass_over_too_large();
            let (mut at, mut have) = (0, 0);
            loop {
                match assembler.next(&stream[at..have]).unwrap() {
                    Assembled::More { consumed, .. } => at += consumed,
                    Assembled::TooLarge { consumed } => break at += consumed,
                    Assembled::Payload { .. } => panic!("the payload is too long"),
                }
                have = (have + size).min(stream.len());
            }
            assert_eq!(at, end);
            assert!(assembler.joined.is_empty() && assembler.next_seq() == 2);
            let next = assembler.next(&stream[at..]);
            assert!(matches!(next, Ok(Assembled::Payload { payload: b"next", .. })));
        }
    }

    #[test]
    fn nothing_is_allocated_for_announced_bytes() {
        let mut assembler = Assembler::new(1 << 30);
        let header = Header { len: 0xFF_FFFE, seq: 0 }.to_bytes();
        assert_eq!(assembler.next(&header), Ok(Assembled::More { consumed: 4, missing: 0xFF_FFFE }));
        assert!(assembler.is_inside_packet());
        assert_eq!(assembler.joined.capacity(), 0);
    }

    #[test]
    fn packets_must_come_in_order() {
        let mut assembler = Assembler::new(100);
        let found = assembler.next(&[1, 0, 0, 3, b'x']);
        assert_eq!(found, Err(WireError::OutOfOrder { expected: 0, found: 3 }));
        assembler.expect(3);
        assert_eq!(assembler.next(&[1, 0, 0, 3, b'x']), Ok(Assembled::Payload { payload: b"x", consumed: 5 }));
        assert_eq!(assembler.next_seq(), 4);
    }

    proptest! {
        #[test]
        fn payloads_come_back_however_they_are_cut(
            lens in prop::collection::vec(prop_oneof![0usize..40, 16_000usize..50_000], 1..12),
            sizes in prop::collection::vec(1usize..20_000, 1..9),
        ) {
            let payloads: Vec<Vec<u8>> = lens.iter().enumerate().map(|(i, len)| vec![i as u8; *len]).collect();
            let (mut stream, mut seq) = (Vec::new(), 0);
            for payload in &payloads {
                write_packet(&mut stream, &mut seq, payload);
            }
            prop_assert_eq!(assemble(&stream, &sizes, 1 << 20).unwrap(), payloads);
        }

        #[test]
        fn arbitrary_bytes_do_not_panic(stream in prop::collection::vec(any::<u8>(), 0..200), size in 1usize..50) {
            let _ = assemble(&stream, &[size], 1000);
        }
    }
}
