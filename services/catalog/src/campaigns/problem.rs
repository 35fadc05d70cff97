//! What calls about campaigns answer when they cannot do what was asked.

use std::sync::Arc;
use std::time::Duration;

use http_kit::Problem;
use serde::Serialize;
use vote_domain::campaign::{EditRefusal, Fault};
use vote_queue::TopologyError;

use crate::failure::Failure;

/// When a client should try again after an outage.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// 404 for a campaign that nobody created.
pub(crate) fn campaign_not_found() -> Problem {
    Problem::not_found("campaign_not_found", "There is no such campaign.")
}

/// 404 for an option that the campaign does not have.
pub(crate) fn option_not_found() -> Problem {
    Problem::not_found("option_not_found", "The campaign has no such option.")
}

/// 404 for a channel that the campaign does not have.
pub(crate) fn channel_not_found() -> Problem {
    Problem::not_found("channel_not_found", "The campaign has no such channel.")
}

#[derive(Serialize)]
struct FaultBody<'f> {
    field: &'f str,
    code: &'static str,
    detail: &'f str,
}

/// 422 with everything that is wrong.
pub(crate) fn invalid_campaign(faults: &[Fault]) -> Problem {
    let errors: Vec<_> = faults
        .iter()
        .map(|fault| FaultBody {
            field: &fault.field,
            code: fault.code,
            detail: &fault.detail,
        })
        .collect();
    let detail = match errors.as_slice() {
        [one] => format!("{}: {}", one.field, one.detail),
        more => format!("{} fields are not valid; see errors.", more.len()),
    };
    Problem::invalid("invalid_campaign", detail).with("errors", &errors)
}

/// Why an edit was not carried out.
pub(crate) fn edit_refused(refusal: &EditRefusal) -> Problem {
    match refusal {
        EditRefusal::Faults(faults) => invalid_campaign(faults),
        EditRefusal::Over(stage) => {
            let detail = "The campaign is over: nothing of it changes any more.";
            Problem::conflict("campaign_not_editable", detail)
                .with("reason", "over")
                .with("state", stage)
        }
        EditRefusal::Fixed(fields) => {
            let detail = "From 10 s before its start on, only a campaign's name and a later end \
                          can be set.";
            Problem::conflict("campaign_not_editable", detail)
                .with("reason", "fixed")
                .with("fields", fields)
        }
    }
}

/// 503 without the time that decides.
pub(crate) fn time_unavailable() -> Problem {
    Problem::unavailable(
        "time_unavailable",
        "The time that decides what may be edited cannot be read.",
        RETRY_AFTER,
    )
}

/// Why a ballot box was not declared.
pub(crate) fn no_box(error: &TopologyError) -> Failure {
    match error {
        TopologyError::Unavailable(reason) => {
            tracing::warn!(reason = &*Arc::clone(reason), "no ballot box declared");
            let detail = "The vote queue cannot be reached; nothing was created.";
            Problem::unavailable("queue_unavailable", detail, RETRY_AFTER).into()
        }
        TopologyError::NoSuchBox | TopologyError::Mismatch(_) => Failure::internal(error),
    }
}
