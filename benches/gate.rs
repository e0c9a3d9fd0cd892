//! What the gate costs, as ratios within one run.

mod syntax;

fn main() {
    syntax::run();
}
