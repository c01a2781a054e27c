//! How a topic pattern matches a routing key.

/// True when `pattern` (words, `*` = one word, `#` = any number of words) matches `key`.
#[must_use]
pub fn topic_matches(pattern: &str, key: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('.').collect();
    let key: Vec<&str> = key.split('.').collect();
    words_match(&pattern, &key)
}

fn words_match(pattern: &[&str], key: &[&str]) -> bool {
    match (pattern.split_first(), key.split_first()) {
        (None, None) => true,
        (None, Some(_)) => false,
        (Some((&"#", rest)), None) => words_match(rest, key),
        (Some((&"#", rest)), Some((_, tail))) => {
            words_match(rest, key) || words_match(pattern, tail)
        }
        (Some(_), None) => false,
        (Some((word, rest)), Some((head, tail))) => {
            (*word == "*" || word == head) && words_match(rest, tail)
        }
    }
}
