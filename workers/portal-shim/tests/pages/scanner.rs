//! Reads Code 128 as a scanner does: by the table of the standard (ISO/IEC 15417), written as it is printed
//! and not as the encoder has it.

/// Bars (1) and spaces (0) of each symbol by its value, as tables of the standard print them; the last three
/// are the start symbols.
pub(crate) const PATTERNS: &str = "\
11011001100 11001101100 11001100110 10010011000 10010001100 10001001100 10011001000 10011000100 10001100100 \
11001001000 11001000100 11000100100 10110011100 10011011100 10011001110 10111001100 10011101100 10011100110 \
11001110010 11001011100 11001001110 11011100100 11001110100 11101101110 11101001100 11100101100 11100100110 \
11101100100 11100110100 11100110010 11011011000 11011000110 11000110110 10100011000 10001011000 10001000110 \
10110001000 10001101000 10001100010 11010001000 11000101000 11000100010 10110111000 10110001110 10001101110 \
10111011000 10111000110 10001110110 11101110110 11010001110 11000101110 11011101000 11011100010 11011101110 \
11101011000 11101000110 11100010110 11101101000 11101100010 11100011010 11101111010 11001000010 11110001010 \
10100110000 10100001100 10010110000 10010000110 10000101100 10000100110 10110010000 10110000100 10011010000 \
10011000010 10000110100 10000110010 11000010010 11001010000 11110111010 11000010100 10001111010 10100111100 \
10010111100 10010011110 10111100100 10011110100 10011110010 11110100100 11110010100 11110010010 11011011110 \
11011110110 11110110110 10101111000 10100011110 10001011110 10111101000 10111100010 11110101000 11110100010 \
10111011110 10111101110 11101011110 11110101110 11010000100 11010010000 11010011100";
const STOP: &str = "1100011101011";

/// What a scanner reads; it refuses what the standard forbids.
pub(crate) fn scanned(modules: &str) -> String {
    let patterns: Vec<&str> = PATTERNS.split(' ').collect();
    let bars = modules.strip_suffix(STOP).expect("the stop symbol ends it");
    assert_eq!(bars.len() % 11, 0, "whole symbols");
    let values: Vec<usize> = (0..bars.len() / 11)
        .map(|place| {
            let symbol = &bars[place * 11..place * 11 + 11];
            patterns.iter().position(|pattern| *pattern == symbol).expect("a symbol of the table")
        })
        .collect();
    let (check, data) = values.split_last().unwrap();
    let sum: usize = data.iter().enumerate().map(|(place, value)| value * place.max(1)).sum();
    assert_eq!(sum % 103, *check, "the check symbol");
    let mut in_c = match data[0] {
        104 => false,
        105 => true,
        other => panic!("starts with {other}"),
    };
    let mut text = String::new();
    for value in &data[1..] {
        match (in_c, *value) {
            (true, 100) => in_c = false,
            (false, 99) => in_c = true,
            (true, pair @ 0..=99) => text.push_str(&format!("{pair:02}")),
            (false, letter @ 0..=94) => text.push(char::from(letter as u8 + 32)),
            (_, other) => panic!("{other} in set {}", if in_c { 'C' } else { 'B' }),
        }
    }
    text
}
