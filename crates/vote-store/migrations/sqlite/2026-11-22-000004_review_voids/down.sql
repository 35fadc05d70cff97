DROP TABLE review_voter_marks;
DROP TABLE review_vote_marks;
DROP TABLE review_voids;
