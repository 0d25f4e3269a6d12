//! Turns declared reads into observations, one after the other.
