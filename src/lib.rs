//! packman

pub mod catalogue;
pub mod clients;
pub mod dependency;
pub mod ecosystem;
pub mod formats;
pub mod neighbours;
pub mod pattern;
pub mod policy;
pub mod purl;
pub mod routing;
pub mod syntax;
pub mod text;
pub mod tree;
