//! The canonical form of a campaign's result, as `votectl` reads it from a file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vote_domain::campaign::ResultFacts;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(facts) = ResultFacts::parse(text) {
        assert_eq!(facts.canonical(), text);
        let _ = facts.digest();
    }
});
