//! `seeds FOLDER DICTIONARY`: writes `FOLDER/TARGET/seed-NNN` for every target, and the dictionary.

// For the functions that the coverage counters call.
use libfuzzer_sys as _;

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let (Some(folder), Some(dictionary)) = (arguments.next(), arguments.next()) else {
        return Err(io::Error::other("expected a folder for the seeds and a file for the dictionary"));
    };
    for (target, seeds) in scep_fuzz::seeds::all().map_err(io::Error::other)? {
        let folder = folder.join(target);
        // What an earlier version wrote is no seed any more.
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:03}")), seed)?;
        }
    }
    fs::write(dictionary, scep_fuzz::seeds::dictionary())
}
