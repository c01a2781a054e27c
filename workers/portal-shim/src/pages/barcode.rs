//! Code 128 (ISO/IEC 15417): a text as bars and spaces, and as a drawing.
//!
//! Pure. Character sets B and C, which is all that a number of ours needs: C wherever enough digits stand
//! together, two of them a symbol. Never here: what is encoded and where it is shown.

use std::fmt::Write as _;

/// The widths of bars and spaces, in turn, of each symbol by its value. Each symbol is 11 modules wide, the
/// stop symbol 13.
static WIDTHS: [&str; 107] = [
    "212222", "222122", "222221", "121223", "121322", "131222", "122213", "122312", "132212",
    "221213", "221312", "231212", "112232", "122132", "122231", "113222", "123122", "123221",
    "223211", "221132", "221231", "213212", "223112", "312131", "311222", "321122", "321221",
    "312212", "322112", "322211", "212123", "212321", "232121", "111323", "131123", "131321",
    "112313", "132113", "132311", "211313", "231113", "231311", "112133", "112331", "132131",
    "113123", "113321", "133121", "313121", "211331", "231131", "213113", "213311", "213131",
    "311123", "311321", "331121", "312113", "312311", "332111", "314111", "221411", "431111",
    "111224", "111422", "121124", "121421", "141122", "141221", "112214", "112412", "122114",
    "122411", "142112", "142211", "241211", "221114", "413111", "241112", "134111", "111242",
    "121142", "121241", "114212", "124112", "124211", "411212", "421112", "421211", "212141",
    "214121", "412121", "111143", "111341", "131141", "114113", "114311", "411113", "411311",
    "113141", "114131", "311141", "411131", "211412", "211214", "211232", "2331112",
];

const TO_C: u8 = 99;
const TO_B: u8 = 100;
const START_B: u8 = 104;
const START_C: u8 = 105;
const STOP: u8 = 106;
/// The check symbol is a remainder of this.
const MODULUS: u32 = 103;
/// White modules that the standard wants before and after the bars.
const QUIET: u32 = 10;
/// Height of the drawing in modules.
const HEIGHT: u32 = 60;

/// A text as Code 128.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Barcode {
    /// Values of the symbols from start to stop.
    symbols: Vec<u8>,
}

impl Barcode {
    /// Encodes printable ASCII (space to `~`). `None` for an empty text and for all other characters.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let printable = |byte: &u8| (b' '..=b'~').contains(byte);
        if text.is_empty() || !text.bytes().all(|byte| printable(&byte)) {
            return None;
        }
        let mut symbols = data(text.as_bytes());
        symbols.push(check(&symbols));
        symbols.push(STOP);
        Some(Self { symbols })
    }

    /// Widths of bars and spaces in modules, in turn, beginning with a bar.
    pub(crate) fn widths(&self) -> impl Iterator<Item = u32> {
        let known = self.symbols.iter().filter_map(|symbol| WIDTHS.get(usize::from(*symbol)));
        known.flat_map(|widths| widths.chars().filter_map(|width| width.to_digit(10)))
    }

    /// The drawing: an inline SVG with its quiet zones, one path, as wide as its box. `name` is what it is
    /// called for those who do not see it; it has to be escaped already.
    pub(crate) fn svg(&self, name: &str) -> String {
        let mut at = QUIET;
        let mut path = String::new();
        for (place, width) in self.widths().enumerate() {
            if place % 2 == 0 {
                // writing to a String cannot fail
                let _ = write!(path, "M{at} 0h{width}v{HEIGHT}h-{width}z");
            }
            at += width;
        }
        let total = at + QUIET;
        format!(
            "<svg class=\"barcode\" role=\"img\" aria-label=\"{name}\" viewBox=\"0 0 {total} {HEIGHT}\" \
             preserveAspectRatio=\"none\" shape-rendering=\"crispEdges\">\
             <path fill=\"#fff\" d=\"M0 0h{total}v{HEIGHT}h-{total}z\"/>\
             <path class=\"bars\" fill=\"#000\" d=\"{path}\"/></svg>"
        )
    }
}

/// Start, text, changes of set. Set C begins where it saves something: at four digits that start or end the
/// text, at six within it, and always with an even number of them.
fn data(text: &[u8]) -> Vec<u8> {
    let mut symbols = Vec::with_capacity(text.len() + 4);
    let mut rest = text;
    let mut in_c = false;
    while let Some((first, others)) = rest.split_first() {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let is_edge = symbols.is_empty() || digits == rest.len();
        let enough = if in_c {
            2
        } else if is_edge {
            4
        } else {
            6
        };
        if digits >= enough && (digits % 2 == 0 || in_c || symbols.is_empty()) {
            enter(&mut symbols, &mut in_c, true);
            let (pairs, behind) = rest.split_at(digits - digits % 2);
            symbols.extend(pairs.chunks_exact(2).map(pair));
            rest = behind;
        } else {
            enter(&mut symbols, &mut in_c, false);
            symbols.push(first.saturating_sub(b' '));
            rest = others;
        }
    }
    symbols
}

/// Says in which set the next symbol is, where that is not clear.
fn enter(symbols: &mut Vec<u8>, in_c: &mut bool, c: bool) {
    match (symbols.is_empty(), *in_c == c, c) {
        (true, _, true) => symbols.push(START_C),
        (true, _, false) => symbols.push(START_B),
        (false, true, _) => {}
        (false, false, true) => symbols.push(TO_C),
        (false, false, false) => symbols.push(TO_B),
    }
    *in_c = c;
}

/// The value of two digits in set C.
fn pair(digits: &[u8]) -> u8 {
    digits.iter().fold(0, |value, digit| value * 10 + digit.saturating_sub(b'0'))
}

/// The start symbol counts once, every other one as often as its place.
fn check(symbols: &[u8]) -> u8 {
    let weighed =
        symbols.iter().zip(0_u32..).map(|(symbol, place)| u32::from(*symbol) * place.max(1));
    let remainder = weighed.fold(0, |sum, value| (sum + value) % MODULUS);
    u8::try_from(remainder).unwrap_or(0)
}
