//! Archives as a release has them, and as it must not: tar written by hand, since tar itself would not write some of these.

use std::io::Write;
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

/// One member.
pub(crate) struct Member<'m> {
    pub(crate) path: &'m str,
    /// `0` a file, `1` a hard link, `2` a symbolic link.
    pub(crate) kind: u8,
    pub(crate) link: &'m str,
    pub(crate) content: &'m [u8],
}

impl<'m> Member<'m> {
    pub(crate) fn file(path: &'m str, content: &'m str) -> Self {
        Self { path, kind: b'0', link: "", content: content.as_bytes() }
    }

    pub(crate) fn link(path: &'m str, kind: u8, link: &'m str) -> Self {
        Self { path, kind, link, content: b"" }
    }
}

pub(crate) fn tar_gz(members: &[Member<'_>]) -> Vec<u8> {
    let mut tar = Vec::new();
    for member in members {
        let mut head = [0_u8; 512];
        let mut put = |at: usize, text: &[u8]| head[at..at + text.len()].copy_from_slice(text);
        put(0, member.path.as_bytes());
        put(100, b"0000755\0");
        put(108, b"0000000\0");
        put(116, b"0000000\0");
        put(124, format!("{:011o}\0", member.content.len()).as_bytes());
        put(136, b"00000000000\0");
        put(148, b"        ");
        put(156, &[member.kind]);
        put(157, member.link.as_bytes());
        put(257, b"ustar\x0000");
        let sum: u32 = head.iter().map(|byte| u32::from(*byte)).sum();
        head[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        tar.extend_from_slice(&head);
        tar.extend_from_slice(member.content);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.extend_from_slice(&[0; 1024]);
    gzip(&tar)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut child = Command::new("gzip").arg("-nc").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(bytes).unwrap();
    drop(input);
    child.wait_with_output().unwrap().stdout
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
