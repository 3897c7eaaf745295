//! Turns `proto/dca/v1/*.proto` into Rust. protox reads them, so no protoc is needed.

use prost::Message;
use prost_build::Config;
use std::path::{Path, PathBuf};

/// Messages that carry secrets; `src/secret.rs` prints them without.
const SECRET: [&str; 2] = [".dca.v1.ActivateRequest", ".dca.v1.SignedConfig"];
/// Octets that are shared with what they came in instead of being copied out of it.
const SHARED: [&str; 2] = [".dca.v1.ReportRequest.body", ".dca.v1.Entry.record"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new("proto/dca/v1");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
    files.sort();
    let descriptors = protox::compile(files, ["proto"])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    Config::new().skip_debug(SECRET).bytes(SHARED).compile_fds(descriptors.clone())?;
    #[cfg(feature = "grpc")]
    stubs(descriptors, &out.join("grpc"))?;
    Ok(())
}

/// Clients and servers of the services, for the messages that are compiled already.
#[cfg(feature = "grpc")]
fn stubs(descriptors: prost_types::FileDescriptorSet, folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    std::fs::create_dir_all(folder)?;
    tonic_prost_build::configure()
        .build_transport(false)
        .extern_path(".dca.v1", "crate::v1")
        .codec_path("crate::grpc::Bounded")
        .out_dir(folder)
        .compile_fds(descriptors)?;
    Ok(())
}
