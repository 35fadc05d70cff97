//! vote-queue
