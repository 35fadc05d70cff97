DROP TABLE canaries, state_epochs, dead_letters, rewards, review_votes, review_standings,
    review_voter_days, review_voters, review_counters, reviews, items, restaurants,
    refresh_tokens, sessions, users;
