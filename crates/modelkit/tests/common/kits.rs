//! Kits made by hand.

use kitbench_modelkit::manifest::{Descriptor, Manifest};
use kitbench_modelkit::store::Store;
use kitbench_modelkit::tar::{END, Header, Kind, header_bytes, padding};
use kitbench_modelkit::{Digest, media};

use super::reference;

/// Media type of an uncompressed code layer.
pub const TAR: &str = "application/vnd.kitops.modelkit.code.v1.tar";

/// Name, type flag and data of a member.
pub struct Member<'a>(pub &'a str, pub u8, pub &'a [u8]);

/// An archive of these members, whatever they are.
pub fn archive(members: &[Member<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    for Member(name, typeflag, data) in members {
        let kind = if *typeflag == b'5' {
            Kind::Folder
        } else {
            Kind::File
        };
        let mut header = header_bytes(&Header {
            name: name.as_bytes().to_vec(),
            kind,
            mode: 0o755,
            size: data.len() as u64,
        })
        .unwrap();
        reseal(&mut header, |block| block[156] = *typeflag);
        out.extend(header);
        out.extend_from_slice(data);
        out.resize(out.len() + padding(data.len() as u64), 0);
    }
    out.extend(END);
    out
}

/// Changes the last header block of `header` and makes its checksum right again.
pub fn reseal(header: &mut [u8], change: impl FnOnce(&mut [u8])) {
    let at = header.len() - 512;
    let block = &mut header[at..];
    change(block);
    block[148..156].fill(b' ');
    let sum: u64 = block.iter().map(|b| u64::from(*b)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// Puts a kit with one code layer of these bytes into the store as `evil:1`.
pub fn plant(store: &Store, layer: &[u8], media_type: &str, diff_id: Digest) {
    store.prepare().unwrap();
    let put = |bytes: &[u8]| std::fs::write(store.blob_path(&Digest::of(bytes)), bytes).unwrap();
    put(layer);
    let config = format!(
        r#"{{"manifestVersion":"1.0.0","package":{{}},"code":[{{"path":".","digest":"{}","diffId":"{diff_id}"}}]}}"#,
        Digest::of(layer)
    );
    put(config.as_bytes());
    let manifest = manifest(
        config.as_bytes(),
        Some(vec![Descriptor::of(media_type, layer)]),
    );
    store
        .add_manifest(
            &reference("evil"),
            &manifest.to_json().unwrap(),
            &["1".into()],
        )
        .unwrap();
}

/// A native kit's manifest in the oldest form.
pub fn manifest(config: &[u8], layers: Option<Vec<Descriptor>>) -> Manifest {
    Manifest {
        schema_version: 2,
        media_type: None,
        artifact_type: None,
        config: Descriptor::of(media::NATIVE_CONFIG, config),
        layers,
        subject: None,
        annotations: Default::default(),
    }
}
