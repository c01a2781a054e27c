//! HTML as text: escaping, and the frame that every page has. Never here: what a page says.

use std::fmt::{self, Write as _};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};

/// A text that somebody else wrote, for between tags and for attributes in double quotes: whatever it holds,
/// it stays text. What cannot be seen is shown as a replacement character.
pub(crate) struct Text<'a>(pub(crate) &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other if other.is_control() => f.write_char('\u{fffd}')?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text")
    }
}

/// One whole page.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    /// What it is called, as plain text.
    pub(crate) title: &'a str,
    /// Its content as HTML.
    pub(crate) main: &'a str,
    /// Elements of its head beyond those that every page has, as HTML.
    pub(crate) head: &'static str,
}

impl Page<'_> {
    /// The page as HTML.
    pub(crate) fn render(&self) -> String {
        let Self { title, main, head } = self;
        let title = Text(title);
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title} - Dray</title>\n\
             <link rel=\"icon\" type=\"image/svg+xml\" href=\"/assets/icon.svg\">\n\
             <link rel=\"stylesheet\" href=\"/assets/pages.css\">\n{head}</head>\n<body>\n\
             <a class=\"skip\" href=\"#main\">Skip to the content</a>\n\
             <header><p>Dray</p><nav aria-label=\"Pages\"><a href=\"/track\">Track a delivery</a> \
             <a href=\"/worklist\">Work list</a></nav></header>\n\
             <main id=\"main\" tabindex=\"-1\">\n{main}</main>\n</body>\n</html>\n"
        )
    }
}

/// Everything in a part of a path or a value of a query but unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A part of a path or a value of a query.
pub(crate) fn url_part(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}
