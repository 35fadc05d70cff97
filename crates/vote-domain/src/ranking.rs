//! Published formulas that order reviews.

/// Lower bound of the Wilson score interval, at 95 % confidence, for the share of up
/// votes among all votes; 0 without votes. From 0 to 1.
///
/// Source: E. B. Wilson, "Probable inference, the law of succession, and statistical
/// inference", JASA 22 (1927); used to sort by approval as in E. Miller, "How Not To
/// Sort By Average Rating" (2009).
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    reason = "counts stay far below 2^52, where f64 is exact"
)]
pub fn top_score(up: u64, down: u64) -> f64 {
    /// The 0.975 quantile of the standard normal distribution.
    const Z: f64 = 1.959_963_984_540_054;
    let n = (up + down) as f64;
    if up == 0 {
        return 0.0;
    }
    let share = up as f64 / n;
    let z2 = Z * Z;
    let centre = share + z2 / (2.0 * n);
    let margin = Z * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    ((centre - margin) / (1.0 + z2 / n)).max(0.0)
}

/// Hotness: each tenfold lead of up votes weighs as much as 12.5 hours of youth.
///
/// `created_at_s` is Unix seconds. Source: the ranking of Reddit's open code
/// (`_sorts.pyx`, 2008–2017), explained in A. Salihefendic, "How Reddit ranking
/// algorithms work" (2010).
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    reason = "counts and seconds stay far below 2^52, where f64 is exact"
)]
pub fn hot_score(up: u64, down: u64, created_at_s: i64) -> f64 {
    /// Reddit's epoch, in Unix seconds; only differences of scores matter.
    const EPOCH_S: i64 = 1_134_028_003;
    /// Seconds that outweigh a tenfold lead.
    const TENFOLD_S: f64 = 45_000.0;
    let lead = up as f64 - down as f64;
    let order = lead.abs().max(1.0).log10();
    let sign = if lead > 0.0 {
        1.0
    } else if lead < 0.0 {
        -1.0
    } else {
        0.0
    };
    sign * order + (created_at_s - EPOCH_S) as f64 / TENFOLD_S
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wilson_bound_matches_published_values() {
        // statsmodels.stats.proportion.proportion_confint(8, 10, method="wilson")
        assert!((top_score(8, 2) - 0.490_162).abs() < 1e-5);
        assert!((top_score(1, 0) - 0.206_549).abs() < 1e-5);
        assert!(top_score(0, 5).abs() < 1e-12);
        assert!(top_score(0, 0).abs() < 1e-12);
    }

    #[test]
    fn many_good_votes_beat_one_perfect_vote() {
        assert!(top_score(95, 5) > top_score(1, 0));
    }

    #[test]
    fn a_tenfold_lead_weighs_twelve_and_a_half_hours() {
        let old = hot_score(100, 0, 1_700_000_000);
        let young = hot_score(10, 0, 1_700_000_000 + 45_000);
        assert!((old - young).abs() < 1e-9);
        assert!(hot_score(0, 10, 1_700_000_000) < hot_score(0, 0, 1_700_000_000));
    }
}
