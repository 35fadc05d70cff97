//! votectl
