//! Generates the message types from `proto-schemas/`, without a `protoc`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let schemas = "../../proto-schemas";
    println!("cargo::rerun-if-changed={schemas}");
    let files = ["tally/vote/v1/vote.proto", "tally/state/v1/voter.proto"];
    let descriptors = protox::compile(files, [schemas])?;
    prost_build::Config::new()
        .bytes(["."])
        .compile_fds(descriptors)?;
    Ok(())
}
