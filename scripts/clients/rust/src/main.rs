//! Makes a crate of stubs from the descriptors of protos: `postern-stubs-generator DESCRIPTORS INTO`.

use std::{env, error::Error, fs, path::Path};

use prost::Message;

/// The crate's manifest. The comments of protos are no Rust to be run.
const MANIFEST: &str = r#"[package]
name = "postern-stubs"
version = "0.1.0"
edition = "2024"
rust-version = "1.85"
license = "Apache-2.0"
publish = false

[lib]
doctest = false

[dependencies]
prost = "0.14"
tonic = { version = "0.14", default-features = false, features = ["channel", "codegen"] }
tonic-prost = "0.14"
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let (Some(descriptors), Some(into)) = (args.next(), args.next()) else {
        return Err("usage: postern-stubs-generator DESCRIPTORS INTO".into());
    };
    let protos = prost_types::FileDescriptorSet::decode(fs::read(descriptors)?.as_slice())?;
    let source = Path::new(&into).join("src");
    fs::create_dir_all(&source)?;
    tonic_prost_build::configure()
        .build_server(false)
        // Else each client has a `connect` of its own, which a method of that name clashes with.
        .build_transport(false)
        .out_dir(&source)
        .include_file("lib.rs")
        .compile_fds(protos)?;
    fs::write(Path::new(&into).join("Cargo.toml"), MANIFEST)?;
    Ok(())
}
