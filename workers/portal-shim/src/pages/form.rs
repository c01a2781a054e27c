//! Forms as browsers send them: `application/x-www-form-urlencoded`, in a body or behind a `?`.
//!
//! Never here: what the fields mean. No `Debug`: a form may hold a password, a token, a tracking code.

use percent_encoding::percent_decode_str;

/// The fields of a form in their order; a name may come more than once.
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a form. What is no form is one without the fields that are looked for.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let read = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        Self(read.collect())
    }

    /// The first field of that name without spaces around it; empty where there is none.
    pub(crate) fn first(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// All fields of that name.
    pub(crate) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.trim())
    }
}

fn decoded(text: &str) -> String {
    // a plus is a space, and what stands behind the escapes is UTF-8 or replaced
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}
