//! Outcomes are kept with whoever the message was sent for, so that they can be told to it later.

super::changes! {
    // The actor's subject; NULL where it has none that fits (nobody's, or older rows).
    "ALTER TABLE inbox ADD COLUMN actor VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL"
    undone by "ALTER TABLE inbox DROP COLUMN actor",
}
