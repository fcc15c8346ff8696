//! Against a real `docker-registry`: plain HTTP, TLS, users.

mod access;
mod others;
mod reading;
mod resuming;
mod support;
mod transfers;
