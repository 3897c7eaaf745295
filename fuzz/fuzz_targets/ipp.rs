#![no_main]
libfuzzer_sys::fuzz_target!(|octets: &[u8]| dca_fuzz::ipp(octets));
