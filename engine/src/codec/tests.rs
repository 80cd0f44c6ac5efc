//! Length, line and chunked decoding: tables, and "where the bytes are cut changes nothing".

use proptest::collection::vec;
use proptest::prelude::*;

use super::http1::{HeadFault, head_end};
use super::*;

const MAX: usize = 10;

type Cut = (Vec<Vec<u8>>, Option<FrameError>);

enum Decoder {
    Length(LengthDecoder),
    Line(LineDecoder),
}

impl Decoder {
    fn next(&mut self, chunk: &dyn Chunk, at: &mut usize) -> Result<Option<Frame>, FrameError> {
        match self {
            Self::Length(decoder) => decoder.next(chunk, at),
            Self::Line(decoder) => decoder.next(chunk, at),
        }
    }

    fn partial_bytes(&self) -> usize {
        match self {
            Self::Length(decoder) => decoder.partial_bytes(),
            Self::Line(decoder) => decoder.partial_bytes(),
        }
    }
}

/// Feeds the pieces and collects the frames up to the first fault.
fn cut<'a>(mut decoder: Decoder, pieces: impl IntoIterator<Item = &'a [u8]>) -> Cut {
    let mut frames = Vec::new();
    for piece in pieces {
        let chunk = Assembled::copy(piece);
        let mut at = 0;
        loop {
            match decoder.next(&chunk, &mut at) {
                Ok(Some(frame)) => {
                    let (padded, len) = frame.padded(&chunk);
                    assert!(padded.len() >= len + SLACK_BYTES);
                    assert_eq!(&frame.share(&chunk, 0..len)[..], &padded[..len]);
                    frames.push(padded[..len].to_vec());
                }
                Ok(None) => break,
                Err(fault) => return (frames, Some(fault)),
            }
        }
        assert_eq!(at, piece.len());
        assert!(decoder.partial_bytes() <= MAX + 4, "kept more than a frame");
    }
    (frames, None)
}

/// The same through the caller's memory; no frame differs.
fn cut_of<'a>(mut decoder: Decoder, pieces: impl IntoIterator<Item = &'a [u8]>) -> Cut {
    let (mut frames, mut whole) = (Vec::new(), Vec::new());
    for piece in pieces {
        let mut at = 0;
        loop {
            let cut = match &mut decoder {
                Decoder::Length(decoder) => decoder.next_of(piece, &mut at, &mut whole),
                Decoder::Line(decoder) => decoder.next_of(piece, &mut at, &mut whole),
            };
            match cut {
                Ok(Some(Place::Direct(range))) => frames.push(piece[range].to_vec()),
                Ok(Some(Place::Whole)) => frames.push(whole[..whole.len() - SLACK_BYTES].to_vec()),
                Ok(None) => break,
                Err(fault) => return (frames, Some(fault)),
            }
        }
    }
    (frames, None)
}

fn length() -> Decoder {
    Decoder::Length(LengthDecoder::new(MAX))
}

fn line() -> Decoder {
    Decoder::Line(LineDecoder::new(MAX))
}

/// The pieces of `bytes` between the given places.
fn split<'a>(bytes: &'a [u8], places: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<_> = places.iter().map(|place| place.index(bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

#[test]
fn frames_and_faults() {
    const LONG: Option<FrameError> = Some(FrameError::TooLong { frame_bytes_max: MAX as u32 });
    const EMPTY: Option<FrameError> = Some(FrameError::Empty);
    let check = |decoder: fn() -> Decoder, input: &[u8], frames: &[&str], fault| {
        let want: Vec<_> = frames.iter().map(|frame| frame.as_bytes().to_vec()).collect();
        for pieces in [input.len().max(1), 1] {
            let pieces = || input.chunks(pieces);
            assert_eq!(cut(decoder(), pieces()), (want.clone(), fault), "{input:?}");
            assert_eq!(cut_of(decoder(), pieces()), (want.clone(), fault), "{input:?}");
        }
    };
    check(length, b"", &[], None);
    check(length, b"\0\0\0\x02ab\0\0\0\x01c", &["ab", "c"], None);
    check(length, b"\0\0\0\x02a", &[], None);
    check(length, b"\0\0\0", &[], None);
    check(length, b"\0\0\0\x0a0123456789", &["0123456789"], None);
    check(length, b"\0\0\0\x0b", &[], LONG);
    check(length, b"\xff\xff\xff\xff", &[], LONG);
    check(length, b"\0\0\0\x01a\0\0\0\0", &["a"], EMPTY);
    check(line, b"", &[], None);
    check(line, b"ab\nc\n", &["ab", "c"], None);
    check(line, b"ab\r\nc\r\r\n", &["ab", "c\r"], None);
    check(line, b"\n\r\n\n a\n\n", &[" a"], None);
    check(line, b"ab", &[], None);
    check(line, b"a\rb\n", &["a\rb"], None);
    check(line, b"0123456789\n0123456789\r\n", &["0123456789", "0123456789"], None);
    check(line, b"01234567890\n", &[], LONG);
    check(line, b"01234567890", &[], LONG);
    check(line, b"0123456789\rx", &[], LONG);
    check(line, b"0123456789\r\r\n", &[], LONG);
}

#[test]
fn a_last_line_without_newline_is_given_at_the_end() {
    let check = |input: &[u8], want: Option<&[u8]>| {
        let mut decoder = LineDecoder::new(MAX);
        assert!(decoder.next(&Assembled::copy(input), &mut 0).unwrap().is_none());
        assert_eq!(decoder.finish().as_ref().map(Chunk::payload), want);
        assert!(!decoder.is_partial());
        let mut whole = Vec::new();
        assert_eq!(decoder.next_of(input, &mut 0, &mut whole), Ok(None));
        let place = decoder.finish_of(&mut whole);
        assert_eq!(place.map(|_| &whole[..whole.len() - SLACK_BYTES]), want);
        assert_eq!(decoder.finish_of(&mut whole), None);
    };
    check(b"", None);
    check(b"\n\r", None);
    check(b"{}", Some(b"{}"));
    check(b"0123456789\r", Some(b"0123456789"));
}

#[test]
fn idle_decoders_are_small_and_own_nothing() {
    assert!(size_of::<LengthDecoder>() <= 40);
    assert!(size_of::<LineDecoder>() <= 40);
    let mut decoder = LengthDecoder::new(16 << 20);
    let prefix = Assembled::copy(&(16_u32 << 20).to_be_bytes());
    assert!(decoder.next(&prefix, &mut 0).unwrap().is_none());
    assert_eq!(decoder.capacity(), 0, "a prefix alone buys memory");
    assert!(decoder.next(&Assembled::copy(&[b' '; 100]), &mut 0).unwrap().is_none());
    assert!(decoder.capacity() < 512, "memory must follow what was received");
}

#[test]
fn what_lies_whole_in_a_chunk_is_not_copied() {
    let mut decoder = LengthDecoder::new(MAX);
    let first = Assembled::copy(b"\0\0\0\x03a");
    let second = Assembled::copy(b"bc\0\0\0\x01d\0\0\0");
    let third = Assembled::copy(b"\x02ef");
    let mut next = |chunk: &Assembled, at: &mut usize| decoder.next(chunk, at).unwrap();
    let mut at = 0;
    assert!(next(&first, &mut 0).is_none());
    assert!(matches!(next(&second, &mut at), Some(Frame::Assembled(_))));
    assert!(matches!(next(&second, &mut at), Some(Frame::Direct(range)) if range == (6..7)));
    assert!(next(&second, &mut at).is_none());
    assert!(matches!(next(&third, &mut 0), Some(Frame::Direct(range)) if range == (1..3)));
}

#[test]
fn memory_for_whole_frames_is_used_again_within_a_limit() {
    let mut decoder = LineDecoder::new(4 * FRAME_BYTES_KEPT);
    let (mut whole, mut places) = (Vec::new(), std::collections::HashSet::new());
    let mut feed = |len: usize, whole: &mut Vec<u8>| {
        let line = [vec![b'x'; len], b"\n".to_vec()].concat();
        let (head, tail) = line.split_at(len / 2);
        assert_eq!(decoder.next_of(head, &mut 0, whole), Ok(None));
        assert_eq!(decoder.next_of(tail, &mut 0, whole), Ok(Some(Place::Whole)));
        assert_eq!(whole.len(), len + SLACK_BYTES);
    };
    for _ in 0..10 {
        feed(100, &mut whole);
        places.insert(whole.as_ptr());
    }
    assert_eq!(places.len(), 2, "two frames' memory is enough");
    feed(2 * FRAME_BYTES_KEPT, &mut whole);
    feed(100, &mut whole);
    feed(100, &mut whole);
    assert!(whole.capacity() <= FRAME_BYTES_KEPT, "huge memory was kept");
}

#[test]
fn assembling_buys_the_slack_along() {
    let mut partial = Vec::new();
    let total = 1000;
    for piece in [&[1_u8; 300][..], &[2; 300], &[3; 400]] {
        append(&mut partial, piece, total);
    }
    assert_eq!(partial.len(), total);
    let place = partial.as_ptr();
    let sealed = Assembled::seal(partial);
    assert_eq!(sealed.payload().as_ptr(), place, "sealing moved the frame");
}

#[test]
fn chunked_bodies() {
    let check = |input: &str, want: Result<&str, ChunkedFault>| {
        for step in [1, 2, input.len().max(1)] {
            let mut decoder = ChunkedBody::new();
            let mut body = Vec::new();
            let mut got = Ok(false);
            for piece in input.as_bytes().chunks(step) {
                got = decoder.decode(piece, &mut 0, &mut body, MAX);
                if got != Ok(false) {
                    break;
                }
            }
            let got = got.map(|whole| if whole { body.as_slice() } else { b"unfinished" });
            assert_eq!(got, want.map(str::as_bytes), "{input:?} by {step}");
        }
    };
    let syntax = Err(ChunkedFault::Syntax);
    let long = "x".repeat(300);
    check("0\r\n\r\n", Ok(""));
    check("3\r\nabc\r\n0\r\n\r\n", Ok("abc"));
    check("3\r\nabc\r\n00a\r\n1234567890\r\n", Err(ChunkedFault::TooLong));
    check("1\r\na\r\n002;n=v;q=\"\t\"\r\nbc\r\n0;x\r\nTrailer: 1\r\nOther: 2\r\n\r\n", Ok("abc"));
    check("3\r\nab", Ok("unfinished"));
    check("0\r\n", Ok("unfinished"));
    check("A\r\n0123456789\r\n0\r\n\r\n", Ok("0123456789"));
    check("b\r\n", Err(ChunkedFault::TooLong));
    check("ffffffffffffffff\r\n", Err(ChunkedFault::TooLong));
    check("10000000000000000\r\n", syntax);
    check(&format!("{}1\r\n", "0".repeat(300)), Err(ChunkedFault::Overhead));
    check(&format!("1;{long}\r\n"), Err(ChunkedFault::Overhead));
    check(&format!("0\r\n{}: x\r\n\r\n", long.repeat(14)), Err(ChunkedFault::Overhead));
    for broken in [
        "\r\n",
        ";x\r\n",
        "0x1\r\na\r\n",
        "+1\r\na\r\n",
        "-1\r\n",
        " 1\r\na",
        "1 \r\na",
        "1\na\r\n",
        "1\r\nab\r\n",
        "1\r\na\n",
        "1\r\na\rb",
        "1;a\rb\r\n",
        "1;a\nb\r\n",
        "1;a\0\r\n",
        "g\r\n",
        "0\r\n\n",
        "0\r\n folded: x\r\n\r\n",
        "0\r\na: b\rc\r\n",
        "0\r\na: b\n\r\n",
        "0\r\n\rx",
    ] {
        check(broken, syntax);
    }
}

/// The last is longer than what is looked at together, as most lines of a head are.
const HEAD_PARTS: &[&str] =
    &["\r\n", "\r\n\r\n", "\n", "\r", "x", "accept: application/json, text/event-stream"];

proptest! {
    #[test]
    fn cutting_changes_nothing(
        bytes in vec(prop::sample::select(b"\0\0\0\0\x01\x02\x0a\x0b\r\n\r\nab".as_slice()), 0..200),
        places in vec(any::<prop::sample::Index>(), 0..12),
    ) {
        for decoder in [length, line] {
            prop_assert_eq!(cut(decoder(), split(&bytes, &places)), cut(decoder(), [&bytes[..]]));
        }
    }

    /// However a head was cut into calls, its end is where reading byte by byte finds it.
    #[test]
    fn a_head_ends_where_it_does(
        parts in vec(prop::sample::select(HEAD_PARTS), 0..12),
        place in any::<prop::sample::Index>(),
    ) {
        let head = format!("G{}", parts.concat());
        let head = head.as_bytes();
        let line_feed = (0..head.len()).find(|at| {
            head[*at] == b'\n' && (head[at - 1] != b'\r' || head[at - 2] == b'\n')
        });
        let want = match line_feed {
            Some(at) if head[at - 1] == b'\r' => Ok(Some(at + 1)),
            Some(_) => Err(HeadFault::BareLineFeed),
            None => Ok(None),
        };
        let cut = place.index(head.len());
        let found = match head_end(&head[..cut], 0) {
            Ok(None) => head_end(head, cut),
            found => found,
        };
        prop_assert_eq!(found, want);
        prop_assert_eq!(head_end(head, 0), want);
    }

    #[test]
    fn what_was_framed_is_found(
        messages in vec(vec(b' '..=b'~', 1..=MAX), 0..20),
        places in vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let mut lengths = Vec::new();
        let mut lines = Vec::new();
        for message in &messages {
            lengths.extend((message.len() as u32).to_be_bytes());
            lengths.extend(message);
            lines.extend(message);
            lines.push(b'\n');
        }
        prop_assert_eq!(cut(length(), split(&lengths, &places)), (messages.clone(), None));
        prop_assert_eq!(cut(line(), split(&lines, &places)), (messages, None));
    }
}
