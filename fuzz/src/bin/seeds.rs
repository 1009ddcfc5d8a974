//! `seeds FOLDER DICTIONARY`: writes `FOLDER/TARGET/seed-NN` for every target, and the dictionary.

// For the functions that the coverage counters call.
use libfuzzer_sys as _;

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let (Some(folder), Some(dictionary)) = (arguments.next(), arguments.next()) else {
        return Err(io::Error::other("expected a folder for the seeds and a file for the dictionary"));
    };
    for (target, seeds) in scep_fuzz::seeds::all() {
        let folder = folder.join(target);
        fs::create_dir_all(&folder)?;
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:02}")), seed)?;
        }
    }
    fs::write(dictionary, scep_fuzz::seeds::dictionary())
}
