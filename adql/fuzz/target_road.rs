//! Any text down the whole road, under libFuzzer.

#![no_main]

mod road;

libfuzzer_sys::fuzz_target!(|text: &str| {
    road::walk(text);
});
