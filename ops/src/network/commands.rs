//! Packs pieces of tables into commands: at most 2,000 rows, below the size of a message, no table
//! twice in one.

use contracts::{MAX_MESSAGE_BYTES, UpsertNetwork};

use super::rows::Piece;
use crate::error::{CommandError, Exit, Result};

const ROWS_MAX: usize = 2_000;
/// Room for the names around the rows.
const BYTES_MAX: usize = MAX_MESSAGE_BYTES - 16 * 1024;

/// What goes into one command.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pieces: Vec<Piece>,
    rows: usize,
    bytes: usize,
}

impl Chunk {
    /// The command.
    pub(super) fn command(&self) -> UpsertNetwork {
        UpsertNetwork { tables: self.pieces.iter().map(|piece| piece.rows.clone()).collect() }
    }

    /// The line in its file of the `row`-th row (from 1) of a table as it was sent.
    pub(super) fn line(&self, table: &str, row: u32) -> Option<u32> {
        let piece = self.pieces.iter().find(|piece| piece.rows.table() == table)?;
        let at = usize::try_from(row).ok()?.checked_sub(1)?;
        piece.lines.get(at).copied()
    }

    fn has_room_for(&self, piece: &Piece) -> bool {
        let other_table = self.pieces.iter().all(|known| known.rows.table() != piece.rows.table());
        let rows = self.rows + piece.rows.len();
        other_table && rows <= ROWS_MAX && self.bytes + piece.bytes <= BYTES_MAX
    }

    fn add(&mut self, piece: Piece) {
        self.rows += piece.rows.len();
        self.bytes += piece.bytes;
        self.pieces.push(piece);
    }
}

/// Fills one command after the other, in the order of the pieces.
pub(super) fn pack(pieces: Vec<Piece>) -> Result<Vec<Chunk>> {
    let mut chunks: Vec<Chunk> = Vec::new();
    for piece in pieces {
        if piece.bytes > BYTES_MAX {
            let (table, line) = (piece.rows.table(), piece.lines.first().copied().unwrap_or(0));
            let message =
                format!("{table}.tsv:{line}: this row does not fit a message: shorten it");
            return Err(CommandError::new(Exit::Data, message));
        }
        match chunks.last_mut() {
            Some(chunk) if chunk.has_room_for(&piece) => chunk.add(piece),
            _ => {
                let mut chunk = Chunk::default();
                chunk.add(piece);
                chunks.push(chunk);
            }
        }
    }
    Ok(chunks)
}
