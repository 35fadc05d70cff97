DROP TABLE review_voter_marks, review_vote_marks, review_voids;
