//! Whole, cut off, damaged and exploding files.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::content::{Caps, ContentError, inspect, open_at};

const CAPS: Caps =
    Caps { content_bytes_max: 1 << 20, gzip_ratio_max: 20, gzip_ratio_from_bytes: 1 << 16 };

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
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
    inspect(&file(bytes), true, CAPS).unwrap_err().code()
}

#[test]
fn a_file_and_its_compressed_copy_have_the_same_hash() {
    let text = b"some lines\nand more\n".repeat(500);
    let plain = inspect(&file(&text), false, CAPS).unwrap();
    let packed = inspect(&file(&gzip(&text)), true, CAPS).unwrap();
    assert_eq!((plain.sha256, plain.content_bytes), (packed.sha256, packed.content_bytes));
    assert!(packed.stored_bytes < plain.stored_bytes && plain.ends_with_line_break);
    let parts = [gzip(&text[..100]), gzip(&text[100..])].concat();
    assert_eq!(inspect(&file(&parts), true, CAPS).unwrap().sha256, plain.sha256);
    assert!(!inspect(&file(b"cut o"), false, CAPS).unwrap().ends_with_line_break);
    assert!(inspect(&file(b""), false, CAPS).unwrap().ends_with_line_break);
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
    let large = inspect(&file(&mixed(1_100_000)), false, CAPS).unwrap_err();
    assert!(matches!(large, ContentError::Capped(_)));
    assert!(inspect(&file(&gzip(&vec![b'0'; 60_000])), true, CAPS).is_ok());
}

#[test]
fn reading_can_begin_at_any_offset() {
    let text = mixed(300_000);
    for (bytes, is_gzip) in [(text.clone(), false), (gzip(&text), true)] {
        let file = file(&bytes);
        for offset in [0_usize, 1, 131_072, 299_999, 300_000] {
            let mut rest = Vec::new();
            open_at(&file, is_gzip, CAPS, offset as u64).unwrap().read_to_end(&mut rest).unwrap();
            assert!(rest == text[offset..], "offset {offset}");
        }
    }
    assert!(open_at(&file(&gzip(b"short")), true, CAPS, 6).is_err());
}

#[test]
fn a_file_that_grows_while_it_is_read_is_noticed() {
    let mut growing = file(&mixed(10));
    let before = inspect(&growing, false, CAPS).unwrap();
    growing.seek(SeekFrom::End(0)).unwrap();
    growing.write_all(b"more").unwrap();
    let after = inspect(&growing, false, CAPS).unwrap();
    assert_ne!(before.sha256, after.sha256);
}
