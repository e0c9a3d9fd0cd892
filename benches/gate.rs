//! What the gate costs, as ratios within one run: `cargo bench`.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a program for developers that prints what it measured")]

mod syntax;
mod whole;

fn main() {
    syntax::run();
    whole::run();
}
