//! The sphere.
