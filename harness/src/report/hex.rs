//! A window on evidence: the judged bytes of a file and the rows around them, 16 bytes a row.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Component, Path};

use crate::results::At;

/// Bytes in a row.
const WIDTH: usize = 16;

/// Rows shown before and after the judged bytes.
const AROUND: usize = 1;

/// Part of an evidence file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Rows, top to bottom.
    pub rows: Vec<Row>,
    /// The judged bytes, as offsets in the file.
    pub judged: Range<usize>,
    /// Length of the file.
    pub length: usize,
    /// True when not all judged bytes are in `rows`.
    pub clipped: bool,
}

/// Up to 16 bytes of an evidence file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Offset of the first byte in the file.
    pub offset: usize,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Evidence that cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// The file cannot be read.
    #[error("read {file}: {source}")]
    Io {
        /// The file, relative to the run folder.
        file: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The results point outside the run folder.
    #[error("{0} is not a file of this run")]
    Outside(String),
    /// The results point past the end of the file.
    #[error("bytes {}..{} are not in {file}, which has {length}", bytes[0], bytes[1])]
    PastEnd {
        /// The file, relative to the run folder.
        file: String,
        /// Where the results point.
        bytes: [usize; 2],
        /// Length of the file.
        length: usize,
    },
}

/// Reads what `at` points to below `root`, with a row around it, in at most `rows` rows.
///
/// # Errors
/// When the evidence is not there, or not below `root`.
pub fn window(root: &Path, at: &At, rows: usize) -> Result<Window, WindowError> {
    let relative = Path::new(&at.file);
    if !relative.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(WindowError::Outside(at.file.clone()));
    }
    let failed = |source| WindowError::Io { file: at.file.clone(), source };
    let mut file = File::open(root.join(relative)).map_err(failed)?;
    let length = usize::try_from(file.metadata().map_err(failed)?.len()).unwrap_or(usize::MAX);
    let [start, end] = at.bytes;
    if start > end || end > length {
        return Err(WindowError::PastEnd { file: at.file.clone(), bytes: at.bytes, length });
    }

    let from = (start / WIDTH).saturating_sub(AROUND) * WIDTH;
    let wanted = (end.div_ceil(WIDTH) + AROUND).saturating_mul(WIDTH);
    let to = wanted.min(length).min(from + rows * WIDTH);
    file.seek(SeekFrom::Start(from as u64)).map_err(failed)?;
    let mut bytes = vec![0; to.saturating_sub(from)];
    file.read_exact(&mut bytes).map_err(failed)?;
    let rows = bytes
        .chunks(WIDTH)
        .enumerate()
        .map(|(row, bytes)| Row { offset: from + row * WIDTH, bytes: bytes.to_vec() })
        .collect();
    Ok(Window { rows, judged: start..end, length, clipped: to < end })
}

impl Row {
    /// Each byte with its place in the row, its character in the ASCII column, and whether it is judged.
    pub fn cells(&self, judged: &Range<usize>) -> impl Iterator<Item = (u8, char, bool)> {
        self.bytes.iter().enumerate().map(move |(place, byte)| {
            let shown = if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' };
            (*byte, shown, judged.contains(&(self.offset + place)))
        })
    }
}

/// Offset, bytes, characters; judged bytes stand in `[...]`, which needs no colour.
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            write!(f, "{:08x} ", row.offset)?;
            let mut inside = false;
            for (byte, _, judged) in row.cells(&self.judged) {
                let edge = match (inside, judged) {
                    (false, true) => '[',
                    (true, false) => ']',
                    _ => ' ',
                };
                write!(f, "{edge}{byte:02x}")?;
                inside = judged;
            }
            f.write_str(if inside { "]" } else { " " })?;
            let gap = (WIDTH - row.bytes.len()) * 3;
            let text: String = row.cells(&self.judged).map(|(_, shown, _)| shown).collect();
            writeln!(f, "{:gap$} {text}", "")?;
        }
        if self.clipped {
            writeln!(f, "… up to byte {}", self.judged.end)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(bytes: [usize; 2], length: usize, rows: usize) -> String {
        let folder = tempfile::tempdir().unwrap();
        let content: Vec<u8> = (0..length).map(|byte| (byte + 0x30) as u8).collect();
        std::fs::write(folder.path().join("reply.der"), content).unwrap();
        let at = At { path: "reply.pkiStatus".into(), file: "reply.der".into(), bytes };
        match window(folder.path(), &at, rows) {
            Ok(window) => window.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn judged_bytes_are_marked_with_a_row_on_either_side() {
        insta::assert_snapshot!(seen([0x22, 0x25], 100, 8), @r"
        00000010  40 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f  @ABCDEFGHIJKLMNO
        00000020  50 51[52 53 54]55 56 57 58 59 5a 5b 5c 5d 5e 5f  PQRSTUVWXYZ[\]^_
        00000030  60 61 62 63 64 65 66 67 68 69 6a 6b 6c 6d 6e 6f  `abcdefghijklmno
        ");
    }

    #[test]
    fn a_window_ends_with_the_file() {
        insta::assert_snapshot!(seen([0x10, 0x13], 0x13, 8), @r"
        00000000  30 31 32 33 34 35 36 37 38 39 3a 3b 3c 3d 3e 3f  0123456789:;<=>?
        00000010 [40 41 42]                                        @AB
        ");
    }

    #[test]
    fn a_long_value_is_cut_and_says_so() {
        insta::assert_snapshot!(seen([0, 90], 100, 2), @r"
        00000000 [30 31 32 33 34 35 36 37 38 39 3a 3b 3c 3d 3e 3f] 0123456789:;<=>?
        00000010 [40 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f] @ABCDEFGHIJKLMNO
        … up to byte 90
        ");
    }

    #[test]
    fn what_is_not_there_is_said_not_shown() {
        assert_eq!(seen([90, 120], 100, 4), "bytes 90..120 are not in reply.der, which has 100");
        assert_eq!(seen([9, 8], 100, 4), "bytes 9..8 are not in reply.der, which has 100");
        assert_eq!(seen([0, 0], 0, 4), "");
    }

    #[test]
    fn results_cannot_point_out_of_the_run_folder() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["../secret", "/etc/hostname", "evidence/../../secret"] {
            let at = At { path: "x".into(), file: file.into(), bytes: [0, 1] };
            assert!(matches!(window(folder.path(), &at, 1), Err(WindowError::Outside(_))), "{file}");
        }
    }
}
