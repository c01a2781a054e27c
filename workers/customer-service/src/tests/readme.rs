//! README.md shows the lifecycle as it is.

use crate::drawing::{markdown, mermaid};

#[test]
fn the_readme_shows_the_table_and_the_drawing() {
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&markdown()), "README.md should hold\n{}", markdown());
    assert!(readme.contains(&mermaid()), "README.md should hold\n{}", mermaid());
}
