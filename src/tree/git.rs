//! Files of a git work tree.
