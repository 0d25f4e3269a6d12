//! The pages, one file a subject, each with its templates in `../templates`.
//!
//! A handler reads through the view, fills a model and shows it, or writes and goes back; it knows
//! nothing of cookies, roles or the audit log.

pub mod advisories;
pub mod alarms;
pub mod audit;
pub mod calendar;
pub mod cases;
pub mod compare;
pub mod contracts;
pub mod customers;
pub mod findings;
pub mod home;
pub mod hosts;
pub mod inspections;
pub mod invitation;
pub mod me;
pub mod notices;
pub mod patterns;
pub mod people;
pub mod search;
pub mod services;
pub mod settings;
pub mod sign_in;
pub mod snapshots;
pub mod visits;
