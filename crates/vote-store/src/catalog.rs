//! Restaurants, items and reviews.
