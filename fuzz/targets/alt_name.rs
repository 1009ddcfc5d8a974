#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| scep_fuzz::read("alt_name", octets));
