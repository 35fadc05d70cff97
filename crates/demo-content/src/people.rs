//! The demo's members.

/// The login to show around; it reviews, and has all its votes left.
pub const USER_NAME: &str = "demo";

/// The password of every member of the demo.
pub const PASSWORD: &str = "demo-password";

/// Everyone.
pub const NAMES: &[&str] = &[
    USER_NAME, "amira", "bjorn", "chidi", "dolores", "emeka", "fumiko", "greta", "hassan",
];
