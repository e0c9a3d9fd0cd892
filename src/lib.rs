//! packman

pub mod syntax;
pub mod text;
pub mod tree;
