//! What the gate costs, as ratios within one run: `cargo bench`.

mod syntax;
mod whole;

fn main() {
    syntax::run();
    whole::run();
}
