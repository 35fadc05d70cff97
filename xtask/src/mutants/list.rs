//! Ways to break Tally that its own tester must notice.

/// What must notice a mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hunter {
    /// A short run of chaos.
    Chaos,
    /// Campaigns that close while workers and gateways are killed and frozen.
    CloseRuns,
}

/// A small change that breaks a promise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mutation {
    pub(crate) name: &'static str,
    /// The promise it breaks, by its number in the design.
    pub(crate) promise: u8,
    pub(crate) hunter: Hunter,
    /// More than one where a promise is held twice over.
    pub(crate) edits: &'static [Edit],
}

/// Some words of a file that become others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edit {
    pub(crate) file: &'static str,
    /// Stands in the file once.
    pub(crate) find: &'static str,
    pub(crate) replace: &'static str,
}

/// Every mutation.
pub(crate) const MUTATIONS: &[Mutation] = &[
    Mutation {
        name: "acknowledge-before-commit",
        promise: 1,
        hunter: Hunter::Chaos,
        edits: &[Edit {
            file: "services/vote-worker/src/box_worker.rs",
            find: "            if !self.settle(&batch, &stop).await {
                break;
            }
            consumer.ack(&batch.tags).await;",
            replace: "            consumer.ack(&batch.tags).await;
            if !self.settle(&batch, &stop).await {
                break;
            }",
        }],
    },
    Mutation {
        name: "answer-before-confirm",
        promise: 1,
        hunter: Hunter::Chaos,
        edits: &[Edit {
            file: "services/vote-gateway/src/cast.rs",
            find: "            return Err(self.give_up(&vote, &error).await.into());",
            replace: "            self.give_up(&vote, &error).await;",
        }],
    },
    Mutation {
        name: "blame-votes-for-outages",
        promise: 1,
        hunter: Hunter::Chaos,
        edits: &[
            Edit {
                file: "services/vote-worker/src/settle.rs",
                find: "Err(SettleError::Store(error)) if error.is_transient() => {
                    if let",
                replace: "Err(SettleError::Store(error)) if false && error.is_transient() => {
                    if let",
            },
            Edit {
                file: "services/vote-worker/src/blame.rs",
                find: "const TRIES: u32 = 8;",
                replace: "const TRIES: u32 = 2;",
            },
            Edit {
                file: "services/vote-worker/src/blame.rs",
                find: "                Ok(()) => n_failures += 1,
                Err(error) => self.held_up(&error, true),",
                replace: "                Ok(()) | Err(_) => n_failures += 1,",
            },
            Edit {
                file: "services/vote-worker/src/blame.rs",
                find: "                    self.held_up(&error, true);
                    n_failures = 0;",
                replace: "                    self.held_up(&error, true);",
            },
        ],
    },
    Mutation {
        name: "drop-what-cannot-be-read",
        promise: 1,
        hunter: Hunter::Chaos,
        edits: &[Edit {
            file: "services/vote-worker/src/settle.rs",
            find: "        for unreadable in &batch.unreadable {",
            replace: "        for unreadable in batch.unreadable.iter().take(0) {",
        }],
    },
    Mutation {
        name: "count-what-is-known-again",
        promise: 2,
        hunter: Hunter::Chaos,
        edits: &[Edit {
            file: "crates/vote-domain/src/review/merge.rs",
            find: "        if !rows.known.insert(vote.vote_id) {
            continue;
        }",
            replace: "        if !rows.known.insert(vote.vote_id) {
            end(rows, &vote, &mut settlement);
            continue;
        }",
        }],
    },
    Mutation {
        name: "a-key-is-forgotten",
        promise: 2,
        hunter: Hunter::Chaos,
        edits: &[Edit {
            file: "services/vote-gateway/src/cast.rs",
            find: "            Some(key) => key.vote_id(P::voter_id(&cast.voter), ballot_box),",
            replace: "            Some(_) if !ballot_box.is_empty() => self.office.ids.next(),
            Some(key) => key.vote_id(P::voter_id(&cast.voter), ballot_box),",
        }],
    },
    Mutation {
        name: "no-daily-quota-in-sql",
        promise: 3,
        hunter: Hunter::Chaos,
        edits: &[Edit {
            file: "crates/vote-domain/src/review/merge.rs",
            find: "if vote.cost > 0 && day.used + vote.cost > day.limit.max(vote.limit) {",
            replace: "if false && day.used + vote.cost > day.limit.max(vote.limit) {",
        }],
    },
    Mutation {
        name: "reject-at-random",
        promise: 3,
        hunter: Hunter::Chaos,
        edits: &[Edit {
            file: "crates/vote-domain/src/review/merge.rs",
            find: "    if vote.cost > 0 && day.used + vote.cost > day.limit.max(vote.limit) {",
            replace: "    let is_unlucky = vote.vote_id.0.as_u128() % 50 == 0;
    if vote.cost > 0 && (is_unlucky || day.used + vote.cost > day.limit.max(vote.limit)) {",
        }],
    },
    Mutation {
        name: "reject-tickets-at-random",
        promise: 3,
        hunter: Hunter::Chaos,
        edits: &[Edit {
            file: "crates/vote-domain/src/campaign/merge.rs",
            find: "    check_limit(rows, vote)?;
    check_draws(rows, vote)
}",
            replace: "    check_limit(rows, vote)?;
    if vote.vote_id.0.as_u128() % 50 == 0 {
        return Err(RejectReason::InsufficientTickets);
    }
    check_draws(rows, vote)
}",
        }],
    },
    Mutation {
        name: "no-balance-in-sql",
        promise: 4,
        hunter: Hunter::Chaos,
        edits: &[Edit {
            file: "crates/vote-domain/src/campaign/merge.rs",
            find: "    check_limit(rows, vote)?;
    check_draws(rows, vote)
}",
            replace: "    check_limit(rows, vote)
}",
        }],
    },
    Mutation {
        name: "nothing-is-sent-again",
        promise: 5,
        hunter: Hunter::Chaos,
        edits: &[Edit {
            file: "services/vote-gateway/src/resend.rs",
            find: "        let published = slot.publish(message, deadline, None).await;",
            replace: "        let _ = (slot, message, deadline);
        let published: Result<(), PublishError> = Ok(());",
        }],
    },
    Mutation {
        name: "a-changed-vote-leaves-its-old-count",
        promise: 6,
        hunter: Hunter::Chaos,
        edits: &[Edit {
            file: "crates/vote-domain/src/review/merge.rs",
            find: "        change.add(before, -1);
        change.add(row, 1);",
            replace: "        change.add(row, 1);",
        }],
    },
    Mutation {
        name: "close-without-unbinding",
        promise: 7,
        hunter: Hunter::CloseRuns,
        edits: &[Edit {
            file: "services/vote-worker/src/close.rs",
            find: "                Ok(queue.unbind(ballot_box).await?)",
            replace: "                let _ = (queue, ballot_box);
                Ok(())",
        }],
    },
    Mutation {
        name: "close-without-looking",
        promise: 7,
        hunter: Hunter::CloseRuns,
        edits: &[
            Edit {
                file: "services/vote-worker/src/close.rs",
                find: "            self.until_empty(consumer, &mut said, stop).await?;",
                replace: "            let _ = (&mut said, &consumer);",
            },
            // The last look alone would see what is left.
            Edit {
                file: "services/vote-worker/src/close.rs",
                find: "if !self.is_still_empty(consumer, stop).await? {",
                replace: "if false && !self.is_still_empty(consumer, stop).await? {",
            },
        ],
    },
    Mutation {
        name: "no-word-when-to-come-back",
        promise: 8,
        hunter: Hunter::Chaos,
        edits: &[Edit {
            file: "services/vote-gateway/src/answer.rs",
            find: "        let problem = Self::unavailable(error.code, detail, error.retry_after);",
            replace: "        let problem = Self::conflict(error.code, detail);",
        }],
    },
];
