//! Whole, cut off, damaged and exploding files.

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::content::{Caps, ContentError, Inspection, Stop, Stored};

const CAPS: Caps =
    Caps { content_bytes_max: 1 << 20, gzip_ratio_max: 20, gzip_ratio_from_bytes: 1 << 16 };

fn stored(bytes: &[u8], is_gzip: bool) -> Stored {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    Stored { file: Arc::new(file), is_gzip, caps: CAPS, stop: Stop::never() }
}

fn inspect(bytes: &[u8], is_gzip: bool) -> Result<Inspection, ContentError> {
    stored(bytes, is_gzip).inspect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn mixed(length: usize) -> Vec<u8> {
    let mut state = 7_u32;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(length)
    .collect()
}

fn code(bytes: &[u8]) -> &'static str {
    inspect(bytes, true).unwrap_err().code()
}

#[test]
fn a_file_and_its_compressed_copy_have_the_same_hash() {
    let text = b"some lines\nand more\n".repeat(500);
    let plain = inspect(&text, false).unwrap();
    let packed = inspect(&gzip(&text), true).unwrap();
    assert_eq!((plain.sha256, plain.content_bytes), (packed.sha256, packed.content_bytes));
    assert!(packed.stored_bytes < plain.stored_bytes && plain.ends_with_line_break);
    let parts = [gzip(&text[..100]), gzip(&text[100..])].concat();
    assert_eq!(inspect(&parts, true).unwrap().sha256, plain.sha256);
    assert!(!inspect(b"cut o", false).unwrap().ends_with_line_break);
    assert!(inspect(b"", false).unwrap().ends_with_line_break);
}

#[test]
fn a_compressed_file_that_is_not_whole_is_refused_before_a_line_is_read() {
    let whole = gzip(&mixed(50_000));
    assert_eq!(code(&whole[..whole.len() / 2]), "GZIP_TRUNCATED");
    assert_eq!(code(&whole[..whole.len() - 3]), "GZIP_TRUNCATED");
    assert_eq!(code(b"order_ref\tline_no\n"), "GZIP_DAMAGED");
    let mut damaged = whole;
    let last = damaged.len() - 6;
    damaged[last] ^= 0xff;
    assert_eq!(code(&damaged), "GZIP_DAMAGED");
}

#[test]
fn a_file_that_explodes_is_stopped_early() {
    assert_eq!(code(&gzip(&vec![b'0'; 900_000])), "GZIP_RATIO");
    assert_eq!(code(&gzip(&mixed(1_100_000))), "CONTENT_TOO_LARGE");
    let large = inspect(&mixed(1_100_000), false).unwrap_err();
    assert!(matches!(large, ContentError::Capped(_)));
    assert!(inspect(&gzip(&vec![b'0'; 60_000]), true).is_ok());
}

#[test]
fn reading_can_begin_at_any_offset() {
    let text = mixed(300_000);
    for (bytes, is_gzip) in [(text.clone(), false), (gzip(&text), true)] {
        let stored = stored(&bytes, is_gzip);
        for offset in [0_usize, 1, 131_072, 299_999, 300_000] {
            let mut rest = Vec::new();
            stored.open_at(offset as u64).unwrap().read_to_end(&mut rest).unwrap();
            assert!(rest == text[offset..], "offset {offset}");
        }
    }
    assert!(stored(&gzip(b"short"), true).open_at(6).is_err());
}

#[test]
fn a_file_that_grows_while_it_is_read_is_noticed() {
    let mut growing = stored(&mixed(10), false);
    let file = growing.file.try_clone().unwrap();
    growing.stop = Stop::when(move || {
        file.try_clone().unwrap().seek(SeekFrom::End(0)).unwrap();
        (&file).write_all(b"more").unwrap();
        false
    });
    growing.caps.content_bytes_max = 100;
    assert!(growing.inspect().is_err());
}

#[test]
fn reading_stops_when_the_process_is_to_end() {
    let mut long = stored(&mixed(500_000), false);
    long.stop = Stop::when(|| true);
    assert!(matches!(long.inspect(), Err(ContentError::Stopped)));
}
